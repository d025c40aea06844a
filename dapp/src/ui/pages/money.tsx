import { useEffect } from 'react';
import { dollars } from '../../lib/amount';
import type { MoneyItem, MoneyToken } from '../../lib/types';
import { useMarket } from '../market';
import { DeviceKeys } from '../parts/device_keys';
import { Faucet } from '../parts/faucet';
import { ChannelRow, SplitRow } from '../parts/money_rows';
import { NeedsWallet } from '../parts/needs_wallet';
import { PendingList } from '../parts/pending_list';
import { Empty, Failure, Skeleton } from '../parts/states';
import { Link } from '../router';
import { useMoney } from '../use_money';
import { useWallet } from '../wallet';

export function MoneyPage() {
  const { api, token } = useMarket();
  const { address } = useWallet();
  const { data, error, refetch } = useMoney();
  useEffect(() => { document.title = 'Sessions and money · Stoa'; }, []);
  const held = data?.tokens.find((one) => one.token.toLowerCase() === token.address.toLowerCase());
  return (
    <>
      <header className="page-head">
        <h1>Sessions and money</h1>
        <p className="lead">
          Every unit of yours: where it is, why, and how it comes back. Refunds need only your wallet's
          signature, even if this browser has forgotten everything.
        </p>
      </header>
      {!address && <NeedsWallet what="your money" />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {address && !data && !error && <div className="rows"><Skeleton count={3} className="block" /></div>}
      {address && data && (
        <>
          <PendingList />
          {data.tokens.map((one) => <Tiles key={one.token} money={one} />)}
          {held && BigInt(held.wallet) < 10n ** BigInt(held.decimals) && <Faucet address={address} />}
          <Items items={data.items} />
          <p className="small csv">
            <a href={`${api.origin}/api/money?address=${address}&format=csv`} download="stoa-money.csv">All of it as CSV</a>
          </p>
          <DeviceKeys />
        </>
      )}
    </>
  );
}

function Tiles({ money }: { money: MoneyToken }) {
  const tiles = [
    ['In your wallet', money.wallet], ['In sessions', money.locked], ['Can come back now', money.refundable],
    ['Charged for calls', money.charged], ['Earned, to be drawn', money.claimable], ['Earned and drawn', money.claimed],
  ] as const;
  return (
    <dl className="tiles" aria-label={money.symbol}>
      {tiles.filter(([, amount], index) => index < 3 || amount !== '0').map(([label, amount]) => (
        <div key={label}><dt>{label}</dt><dd>{dollars(amount, money.decimals)}</dd></div>
      ))}
    </dl>
  );
}

function Items({ items }: { items: MoneyItem[] }) {
  const charges = (item: MoneyItem) => item.state === 'charged' && item.channel;
  // A channel's charges are told in its own row where it has one.
  const open = new Set(items.flatMap((item) =>
    item.channel && !charges(item) ? [item.channel.channelId] : []));
  const shown = items.filter((item) => !charges(item) || !open.has(item.channel!.channelId));
  const sessions = shown.filter(({ kind }) => kind === 'channel');
  const splits = shown.filter(({ kind }) => kind === 'split');
  return (
    <>
      <section aria-labelledby="sessions-title">
        <h2 id="sessions-title">Sessions</h2>
        {sessions.length === 0 && (
          <Empty title="No money is in a session">
            <p>A session opens on a model's page and holds what you put aside for it.</p>
            <p><Link to="/" className="button">Discover models</Link></p>
          </Empty>
        )}
        <ul className="rows">
          {sessions.map((item, index) => <ChannelRow key={`${item.channel?.channelId}-${item.state}-${index}`} item={item} />)}
        </ul>
      </section>
      {splits.length > 0 && (
        <section aria-labelledby="splits-title">
          <h2 id="splits-title">Earned by your models</h2>
          <ul className="rows">
            {splits.map((item) => <SplitRow key={`${item.where}-${item.token}-${item.state}`} item={item} />)}
          </ul>
        </section>
      )}
    </>
  );
}
