import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { loadPurse } from '../lib/purse';
import type { Token } from '../lib/types';
import { useMarket } from './market';
import { useWallet } from './wallet';

/** The connected wallet's purse, and what this device may take out of it; null where there is none to be. */
export function usePurse(token: Token, enabled = true) {
  const { api, store, deployment } = useMarket();
  const { address } = useWallet();
  return useQuery({
    queryKey: ['purse', address, token.address], enabled: enabled && address !== null, staleTime: 5000,
    queryFn: () => loadPurse({ api, store, deployment, token, owner: address! }),
  });
}

/** What this device knows of sessions, its own and those of other wallets that were used on it. */
export function useDeviceChannels() {
  const { store } = useMarket();
  return useQuery({
    queryKey: ['device-channels'], staleTime: 0, queryFn: () => store.channels().catch(() => []),
  });
}

/** Reads anew whatever a signature or a deposit may have changed. */
export function useRefreshMoney(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await Promise.all(['purse', 'device-channels', 'device-keys', 'money'].map((key) =>
      queries.invalidateQueries({ queryKey: [key] })));
  }, [queries]);
}
