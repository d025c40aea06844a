import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fateOf, pendingTransactions, removePending, type Pending } from '../../lib/pending';
import { useMarket } from '../market';
import { useWallet } from '../wallet';
import { Copyable, moment } from './text';

/** What the wallet sent before this page was loaded, until it is settled. */
export function PendingList() {
  const { deployment } = useMarket();
  const { address } = useWallet();
  const [all, setAll] = useState(() => pendingTransactions(localStorage));
  const mine = all.filter(({ chainId, from }) =>
    chainId === deployment.chainId && from.toLowerCase() === address?.toLowerCase());
  const forget = (one: Pending) => {
    removePending(localStorage, one.transaction);
    setAll(pendingTransactions(localStorage));
  };
  return mine.map((one) => <Row key={one.transaction} one={one} forget={() => forget(one)} />);
}

function Row({ one, forget }: { one: Pending; forget: () => void }) {
  const { rpc } = useMarket();
  const queries = useQueryClient();
  const { data: fate } = useQuery({
    queryKey: ['pending', one.transaction],
    queryFn: async () => {
      const now = await fateOf(rpc, one);
      if (now.is === 'mined') await queries.invalidateQueries({ queryKey: ['money'] });
      return now;
    },
    refetchInterval: ({ state }) => (state.data?.is === 'waiting' || !state.data ? 3000 : false),
  });
  const text = !fate || fate.is === 'waiting' ? 'is on its way'
    : fate.is === 'gone' ? 'was replaced or dropped: the network does not know it any more'
      : fate.success ? `is in block ${fate.block}` : `failed in block ${fate.block}`;
  return (
    <div className="notice pending" role="status">
      <strong>A transaction that you sent on {moment(one.sentAt)} {text}.</strong>
      <span className="small"><Copyable value={one.transaction} /></span>
      {fate && fate.is !== 'waiting' && <button type="button" className="quiet" onClick={forget}>Dismiss</button>}
    </div>
  );
}
