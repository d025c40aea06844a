// The visitor's wallet: found by EIP-6963, chosen in our own dialogue, never connected unasked.
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import type { Address } from 'viem';
import { defineChain } from 'viem';
import {
  createConfig, createStorage, http, injected, useConnection, useDisconnect, WagmiProvider,
} from 'wagmi';
import type { Deployment } from '../lib/types';
import { rpcUrlOf, type Provider } from '../lib/wallet';
import { useMarket } from './market';
import { WalletPicker } from './parts/wallet_picker';

const STORAGE = 'stoa.wallet';

/** A wallet that once agreed is not used again unless this browser remembers that it was chosen. */
function wasConnected(): boolean {
  try {
    return localStorage.getItem(`${STORAGE}.recentConnectorId`) !== null;
  } catch {
    return false;
  }
}

function configFor(deployment: Deployment) {
  const url = rpcUrlOf(deployment, location.origin);
  const chain = defineChain({
    id: deployment.chainId, name: deployment.name, nativeCurrency: deployment.nativeCurrency,
    rpcUrls: { default: { http: [url] } },
  });
  return createConfig({
    chains: [chain], transports: { [chain.id]: http(url) }, connectors: [injected()],
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ key: STORAGE, storage: localStorage }),
  });
}

export type Wallet = {
  address: Address | null;
  /** The wallet of the last visit is being asked whether it still agrees. */
  settling: boolean;
  /** The network that the wallet is on, as far as it has said. */
  chainId: number | null;
  name: string;
  /** Opens the dialogue in which a wallet is chosen. */
  choose: () => void;
  provider: () => Promise<Provider>;
  disconnect: () => void;
};

const Choose = createContext<() => void>(() => undefined);

export function WalletProvider({ children }: { children: ReactNode }) {
  const { deployment } = useMarket();
  const config = useMemo(() => configFor(deployment), [deployment]);
  const [choosing, setChoosing] = useState(false);
  return (
    <WagmiProvider config={config} reconnectOnMount={wasConnected()}>
      <Choose value={() => setChoosing(true)}>{children}</Choose>
      {choosing && <WalletPicker close={() => setChoosing(false)} />}
    </WagmiProvider>
  );
}

export function useWallet(): Wallet {
  const choose = useContext(Choose);
  const { address, chainId, connector, status } = useConnection();
  const { mutate: disconnect } = useDisconnect();
  return {
    address: status === 'connected' ? address : null,
    settling: status === 'reconnecting',
    chainId: chainId ?? null,
    name: connector?.name ?? 'your wallet',
    choose,
    provider: async () => {
      if (!connector) throw new Error('No wallet is connected.');
      return await connector.getProvider() as Provider;
    },
    disconnect: () => disconnect({}),
  };
}
