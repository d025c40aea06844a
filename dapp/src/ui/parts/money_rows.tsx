import type { StoredChannel } from '@stoa/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { encodeFunctionData } from 'viem';
import { splitAbi } from '../../lib/abi';
import { dollars } from '../../lib/amount';
import { finishWithdrawal, startWithdrawal } from '../../lib/refund';
import { sendAndWait } from '../../lib/transaction';
import type { MoneyChannel, MoneyItem, MoneyState, SessionLimits } from '../../lib/types';
import { PromptList, TxState, useFlow } from '../flow';
import { useMarket } from '../market';
import { Link } from '../router';
import { useRefreshMoney } from '../use_purse';
import { useWallet } from '../wallet';
import { RefundButton } from './refund_button';
import { AddMoney } from './session_bar';
import { Copyable, duration, moment } from './text';

const STATES: Record<MoneyState, string> = {
  free: 'Yours', locked: 'Held', reserved: 'In a call', charged: 'Charged', refundable: 'Refundable',
  claimable: 'To be drawn', withdrawing: 'Asked back', transit: 'On its way', claimed: 'Claimed',
  coming: 'Coming', rest: 'Left by rounding',
};

/** `own` is what this device knows of the session, where its key is here. */
export function ChannelRow({ item, own }: { item: MoneyItem; own?: StoredChannel }) {
  const { tokenOf } = useMarket();
  const { decimals } = tokenOf(item.token);
  const { channel } = item;
  return (
    <li className="card row-card" data-testid="money-row" data-state={item.state}>
      <div className="row-head">
        <div>
          <h3>{channel?.model ? <Link to={`/models/${channel.model}`}>{channel.modelTitle ?? `Model #${channel.model}`}</Link> : 'Session'}</h3>
          <p className="muted">{item.why}</p>
        </div>
        <div className="row-sum">
          <strong className="price">{dollars(item.amount, decimals)}</strong>
          <span className={`tag ${item.state}`}>{STATES[item.state] ?? item.state}</span>
        </div>
      </div>
      {channel && (
        <dl className="facts row">
          <div><dt>Put in</dt><dd>{dollars(channel.balance, decimals)}</dd></div>
          <div><dt>Spent</dt><dd>{dollars(channel.charged, decimals)}</dd></div>
          {channel.purse && <div><dt>Paid from</dt><dd>your purse</dd></div>}
          {channel.lane ? <div><dt>Lane</dt><dd data-testid="lane">{channel.lane}, for calls at once</dd></div> : null}
          <div><dt>Used from</dt><dd>{own ? 'this device' : 'another device or program'}</dd></div>
          <div><dt>Ends</dt><dd>{item.until ? moment(item.until) : 'when you take it back'}</dd></div>
          <div><dt>Session</dt><dd><Copyable value={channel.channelId} /></dd></div>
          <div><dt>Held by</dt><dd><Copyable value={item.where}>the Channels contract</Copyable></dd></div>
          <Origin item={item} />
          {channel.limits && <Limits limits={channel.limits} decimals={decimals} />}
        </dl>
      )}
      {channel && item.state === 'refundable' && (
        <div className="actions">
          <RefundButton channel={channel} />
          {own && <MoreMoney session={own} />}
        </div>
      )}
      {channel && BigInt(channel.balance) > BigInt(channel.claimed) && <WithoutNode channel={channel} />}
    </li>
  );
}

/** The transaction that put the money there. */
function Origin({ item }: { item: MoneyItem }) {
  const { deployment } = useMarket();
  if (!item.transaction) return null;
  const { explorer } = deployment;
  return (
    <div>
      <dt>Put there by</dt>
      <dd>
        {explorer
          ? <a href={`${explorer}/tx/${item.transaction}`} target="_blank" rel="noreferrer">a transaction</a>
          : <Copyable value={item.transaction} />}
      </dd>
    </div>
  );
}

function Limits({ limits, decimals }: { limits: SessionLimits; decimals: number }) {
  if (limits.perDay === null && limits.expires === null) return null;
  const parts = [
    limits.perDay !== null && `${dollars(limits.chargedToday, decimals)} of ${dollars(limits.perDay, decimals)} used today`,
    limits.expires !== null && (limits.revoked ? 'its key is refused' : `until ${moment(limits.expires)}`),
  ].filter(Boolean);
  return <div><dt>Limits, kept by this node</dt><dd data-testid="session-limits">{parts.join('; ')}</dd></div>;
}

/** Money that asks for nothing: where it is, why, and what frees it. */
export function PlainRow({ item }: { item: MoneyItem }) {
  const { tokenOf } = useMarket();
  const { decimals } = tokenOf(item.token);
  return (
    <li className="card row-card" data-testid="money-row" data-state={item.state}>
      <div className="row-head">
        <div>
          <p>{item.why}</p>
          <p className="muted small">{item.how}</p>
        </div>
        <div className="row-sum">
          <strong className="price">{dollars(item.amount, decimals)}</strong>
          <span className={`tag ${item.state}`}>{STATES[item.state] ?? item.state}</span>
        </div>
      </div>
      <dl className="facts row">
        <div><dt>Held by</dt><dd><Copyable value={item.where} /></dd></div>
        {item.until && <div><dt>Until</dt><dd>{moment(item.until)}</dd></div>}
        <Origin item={item} />
      </dl>
    </li>
  );
}

function MoreMoney({ session }: { session: StoredChannel }) {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <button type="button" className="quiet" aria-expanded={adding}
        onClick={() => setAdding(!adding)}>Add money</button>
      {adding && <AddMoney session={session} done={() => setAdding(false)} />}
    </>
  );
}

/** The way out that needs no node: two transactions of the wallet, a delay between them. */
function WithoutNode({ channel }: { channel: MoneyChannel }) {
  const { deployment, rpc, store } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const asked = channel.withdrawRequestedAt > 0;
  const ready = channel.withdrawRequestedAt + channel.config.withdrawDelay;
  const over = asked && ready * 1000 <= Date.now();
  const home = channel.purse ? 'back into your purse' : 'back';
  const act = (step: typeof startWithdrawal) => flow.run(async ({ provider }, onStep) => {
    await step({ provider, deployment, channel, rpc, store, onStep });
    await refresh();
  });
  return (
    <details open={asked}>
      <summary>If the node does not answer</summary>
      <p className="muted">
        The contract itself pays it {home}: ask for it, wait {duration(channel.config.withdrawDelay)}, take it. Your wallet pays
        the network fee of two transactions.
      </p>
      <ol className="steps">
        <li>
          <button type="button" className="quiet" disabled={asked || flow.running}
            onClick={() => void act(startWithdrawal)}>Ask the contract</button>
          {asked && <span className="muted">asked on {moment(channel.withdrawRequestedAt)}</span>}
        </li>
        <li>
          <button type="button" className="quiet" disabled={!over || flow.running}
            onClick={() => void act(finishWithdrawal)}>Take it</button>
          {asked && !over && <span className="muted">from {moment(ready)}</span>}
        </li>
      </ol>
      {!asked && <PromptList prompts={['Send a transaction: ask for your money', `After ${duration(channel.config.withdrawDelay)}, another: take it`]} />}
      <TxState flow={flow} />
    </details>
  );
}

export function SplitRow({ item }: { item: MoneyItem }) {
  const { deployment, rpc, tokenOf } = useMarket();
  const { address } = useWallet();
  const queries = useQueryClient();
  const flow = useFlow();
  const { decimals } = tokenOf(item.token);
  const split = item.split?.split ?? item.where;
  const draw = () => flow.run(async ({ provider, address: from }, onStep) => {
    await sendAndWait({
      provider, rpc, from, to: split, onStep,
      data: encodeFunctionData({ abi: splitAbi, functionName: 'claim', args: [item.token, from] }),
    });
    await queries.invalidateQueries({ queryKey: ['money'] });
  });
  return (
    <li className="card row-card" data-testid="money-row" data-state={item.state}>
      <div className="row-head">
        <div>
          <h3>{item.split ? `${item.split.share / 10_000} % of a split` : 'A split'}</h3>
          <p className="muted">{item.why}</p>
        </div>
        <div className="row-sum">
          <strong className="price">{dollars(item.amount, decimals)}</strong>
          <span className={`tag ${item.state}`}>{STATES[item.state] ?? item.state}</span>
        </div>
      </div>
      <p className="small">Split <Copyable value={split} /> on {deployment.name}</p>
      {item.state === 'claimable' && address && BigInt(item.amount) > 0n && (
        <>
          <button type="button" className="quiet" disabled={flow.running} onClick={() => void draw()}>
            Draw {dollars(item.amount, decimals)}
          </button>
          <p className="small muted">One transaction; your wallet pays the network fee.</p>
          <TxState flow={flow} />
        </>
      )}
    </li>
  );
}
