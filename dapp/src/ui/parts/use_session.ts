import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { StoredChannel } from '@stoa/client';
import { reconcile, usableSession, type ModelTerms } from '../../lib/session';
import type { MoneyChannel } from '../../lib/types';
import { useMarket } from '../market';
import { useMoney } from '../use_money';
import { useWallet } from '../wallet';

export type SessionState = {
  /** The session of this device with the service; undefined while that isn't known. */
  session: StoredChannel | null | undefined;
  /** Open with this service, but its key isn't on this device. */
  foreign: MoneyChannel | null;
  set: (session: StoredChannel | null) => void;
  error: unknown;
};

export function useSession(terms: ModelTerms | undefined): SessionState {
  const { store, deployment } = useMarket();
  const { address } = useWallet();
  const queries = useQueryClient();
  const { data: money, dataUpdatedAt } = useMoney();
  const key = ['device-session', address, terms?.service.id, dataUpdatedAt];
  const { data, error } = useQuery({
    queryKey: key,
    enabled: address !== null && terms !== undefined && money !== undefined,
    staleTime: Infinity,
    placeholderData: (before) => before,
    retry: false,
    queryFn: async () => {
      const reported = money!.items.flatMap(({ channel }) => (channel ? [channel] : []));
      const kept = await reconcile(store, address!, deployment.chainId, reported);
      const session = usableSession(kept, deployment.chainId, address!, terms!.service);
      const known = new Set((await store.channels()).map(({ channelId }) => channelId));
      const foreign = reported.find((one) => !known.has(one.channelId)
        && one.config.receiver.toLowerCase() === terms!.service.receiver.toLowerCase()) ?? null;
      return { session, foreign };
    },
  });
  return {
    session: address === null ? null : data?.session,
    foreign: data?.foreign ?? null,
    // Every report of the money has its own entry; a turn may end under a later one than it began.
    set: (session) => queries.setQueriesData({ queryKey: key.slice(0, 3) },
      { session, foreign: data?.foreign ?? null }),
    error,
  };
}
