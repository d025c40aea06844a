// What every page shares: the node's API, the chain it names, and what this device stores.
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { createApi, type Api } from '../lib/api';
import { tokenAt } from '../lib/amount';
import { createDeviceStore, type DeviceStore } from '../lib/device_store';
import type { Deployment, Token } from '../lib/types';
import { nodeRpc, type Provider } from '../lib/wallet';
import { Failure, Loading } from './parts/states';

export type Market = {
  api: Api;
  deployment: Deployment;
  rpc: Provider;
  store: DeviceStore;
  /** The coin that prices are in, and a token by its address. */
  token: Token;
  tokenOf: (address: string) => Token;
};

const api = createApi();
const store = createDeviceStore();
const Context = createContext<Market | null>(null);

export function useMarket(): Market {
  const market = useContext(Context);
  if (!market) throw new Error('useMarket outside of MarketProvider');
  return market;
}

const UNKNOWN: Token = {
  symbol: 'units', name: '', version: '1', decimals: 0, eip3009: false, permit: false,
  address: '0x0000000000000000000000000000000000000000',
};

export function MarketProvider({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['deployment'], queryFn: api.deployment, staleTime: Infinity, retry: 2,
  });
  const market = useMemo<Market | null>(() => data ? {
    api, store, deployment: data, rpc: nodeRpc(data), token: data.tokens[0] ?? UNKNOWN,
    tokenOf: (address) => tokenAt(data.tokens, address as Token['address']) ?? UNKNOWN,
  } : null, [data]);
  if (market) return <Context value={market}>{children}</Context>;
  return (
    <div className="boot">
      {error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="the market" />}
    </div>
  );
}
