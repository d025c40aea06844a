import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keyId } from '../../lib/session_key';
import { useMarket } from '../market';
import { useWallet } from '../wallet';
import { Dialog } from './dialog';
import { Copyable, Day } from './text';

/** The key that signs calls on this device, and the way to be rid of it. */
export function DeviceKeys() {
  const { store, deployment } = useMarket();
  const { address } = useWallet();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { data: keys } = useQuery({
    queryKey: ['device-keys'], queryFn: () => store.keys().catch(() => []), staleTime: 0,
  });
  const mine = keys?.find(({ id }) => address && id === keyId(deployment.chainId, address));
  if (!mine) return null;
  const forget = async () => {
    await store.removeKey(mine.id);
    for (const channel of await store.channels()) {
      if (channel.config.payerAuthorizer === mine.address) await store.removeChannel(channel.channelId);
    }
    setAsking(false);
    await queries.invalidateQueries({ queryKey: ['device-keys'] });
    await queries.invalidateQueries({ queryKey: ['device-session'] });
  };
  return (
    <section aria-labelledby="device-title">
      <h2 id="device-title">This device</h2>
      <div className="card row-card">
        <div className="row-head">
          <div>
            <h3>Session key <Copyable value={mine.address} /></h3>
            <p className="muted">
              Made here on <Day at={mine.createdAt} /> and stored encrypted. It signs calls of your open
              sessions and takes from your purse what you let it; nothing else. It holds no money.
            </p>
          </div>
          <button type="button" className="quiet" onClick={() => setAsking(true)}>Forget it</button>
        </div>
      </div>
      {asking && (
        <Dialog title="Forget this device's key?" close={() => setAsking(false)}>
          <p>
            Sessions opened with it can no longer be used from here. Their money is not lost: each is
            listed above and comes back by your wallet's signature. What it may take from your purse ends
            with it, unless somebody has copied it: <em>End this device's access</em>, above, is certain.
          </p>
          <div className="actions">
            <button type="button" className="primary" onClick={() => void forget()}>Forget the key</button>
            <button type="button" className="quiet" onClick={() => setAsking(false)}>Keep it</button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
