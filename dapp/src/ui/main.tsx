import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from '@stoa/client';
import { App } from './app';
import { MarketProvider } from './market';
import './style/index.css';
import { WalletProvider } from './wallet';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) =>
        count < 2 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
      retryDelay: (count) => 500 * 2 ** count,
    },
  },
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <MarketProvider>
        <WalletProvider><App /></WalletProvider>
      </MarketProvider>
    </QueryClientProvider>
  </StrictMode>,
);
