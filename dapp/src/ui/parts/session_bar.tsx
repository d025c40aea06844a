import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { heldWith } from '@stoa/client';
import { aboutCalls, dollars, shortDollars } from '../../lib/amount';
import { addFromPurse } from '../../lib/purse';
import { topUp } from '../../lib/session';
import { TxState, useFlow } from '../flow';
import { useMarket } from '../market';
import { useBalance, useMoney } from '../use_money';
import { useDeviceChannels, usePurse } from '../use_purse';
import { FromPurse } from './purse/from_purse';
import { RefundButton } from './refund_button';
import { Failure, Loading } from './states';
import type { SessionParts } from './try';

/** What the session holds, and the ways to add and to leave. */
export function SessionBar({ model, session, terms, changed }: SessionParts) {
  const { tokenOf } = useMarket();
  const { data: money } = useMoney();
  const token = tokenOf(session.config.token);
  const [adding, setAdding] = useState(false);
  const left = BigInt(session.balance) - BigInt(session.charged);
  const listed = money?.items.find(({ channel }) => channel?.channelId === session.channelId)?.channel;
  return (
    <div className="session-bar">
      <div>
        <span className="label">Session</span>
        <strong className="price" data-testid="session-left">{dollars(left, token.decimals).replace(/(\.\d\d\d\d)\d+$/, '$1')} left</strong>
        <span className="muted">{aboutCalls(left, model.price ? BigInt(model.price.typicalCall) : terms.typicalCall)}, {BigInt(session.charged) === 0n ? 'nothing' : shortDollars(session.charged, token.decimals)} used</span>
      </div>
      <div className="actions">
        <button type="button" className="quiet" aria-expanded={adding} onClick={() => setAdding(!adding)}>Add money</button>
        {listed && <RefundButton channel={listed} left={left} done={() => changed(null)} />}
      </div>
      {adding && <AddMoney session={session} done={(next) => { setAdding(false); changed(next); }} />}
    </div>
  );
}

type Adding = { session: SessionParts['session']; done: (next: SessionParts['session']) => void };

/** More into an open session: out of the purse that pays it, else by one more signature. */
export const AddMoney = (props: Adding) =>
  (props.session.owner ? <AddFromPurse {...props} /> : <AddFromWallet {...props} />);

function AddFromPurse({ session, done }: Adding) {
  const { api, store, deployment, tokenOf } = useMarket();
  const token = tokenOf(session.config.token);
  const { data: purse, error, refetch } = usePurse(token);
  const { data: channels = [] } = useDeviceChannels();
  const cent = 10n ** BigInt(Math.max(token.decimals - 2, 0));
  return (
    <div className="add-money open-session">
      {purse ? (
        <FromPurse purse={purse} token={token} least={cent} held={heldWith([...channels.filter(({ channelId }) => channelId !== session.channelId), session], session)} adding
          lead={<p>More of your purse for this session.</p>}
          spend={async (owner, amount, onStep) => {
            done(await addFromPurse({ api, store, deployment, token, owner, amount, channel: session, onStep }));
          }} />
      ) : error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="your purse" />}
    </div>
  );
}

function AddFromWallet({ session, done }: Adding) {
  const { api, store, deployment, tokenOf } = useMarket();
  const queries = useQueryClient();
  const flow = useFlow();
  const token = tokenOf(session.config.token);
  const balance = useBalance(token.address);
  const one = 10n ** BigInt(token.decimals);
  const add = (amount: bigint) => flow.run(async ({ provider }, onStep) => {
    const next = await topUp({ api, store, provider, deployment, token, amount, channel: session, onStep });
    void queries.invalidateQueries({ queryKey: ['money'] });
    done(next);
  });
  return (
    <div className="add-money">
      <p className="muted">One more signature adds to the same session; it is refundable as the rest is.</p>
      <div className="actions">
        {[one / 2n, one, one * 5n].map((amount) => (
          <button key={String(amount)} type="button" className="quiet"
            disabled={flow.running || (balance !== null && balance < amount)}
            onClick={() => void add(amount)}>Authorise {dollars(amount, token.decimals)}</button>
        ))}
      </div>
      <TxState flow={flow} />
    </div>
  );
}
