import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { dollars } from '../../lib/amount';
import type { MoneyItem, MoneyToken } from '../../lib/types';
import { useMarket } from '../market';
import { DeviceKeys } from '../parts/device_keys';
import { Faucet } from '../parts/faucet';
import { ChannelRow, PlainRow, SplitRow } from '../parts/money_rows';
import { NeedsWallet } from '../parts/needs_wallet';
import { PendingList } from '../parts/pending_list';
import { PurseSection } from '../parts/purse/purse_section';
import { Empty, Failure, Skeleton } from '../parts/states';
import { Link } from '../router';
import { useMoney } from '../use_money';
import { useDeviceChannels } from '../use_purse';
import { useWallet } from '../wallet';

export function MoneyPage() {
  const { token } = useMarket();
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
          <PurseSection items={data.items} />
          <Items items={data.items} />
          <Table address={address} />
          <DeviceKeys />
        </>
      )}
    </>
  );
}

/** For a spreadsheet; offered where the node has it. */
function Table({ address }: { address: string }) {
  const { api } = useMarket();
  const url = `${api.origin}/api/money?address=${address}&format=csv`;
  const { data: answers } = useQuery({
    queryKey: ['money-csv', address], staleTime: Infinity, retry: false,
    queryFn: async ({ signal }) => {
      const response = await fetch(url, { signal });
      await response.body?.cancel();
      return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/csv');
    },
  });
  if (!answers) return null;
  return <p className="small csv"><a href={url} download="stoa-money.csv">Download all of it as CSV</a></p>;
}

function Tiles({ money }: { money: MoneyToken }) {
  const tiles = [
    ['In your wallet', money.wallet], ['In purse and sessions', money.locked], ['Can come back now', money.refundable],
    ['On its way', money.transit], ['Charged for calls', money.charged], ['Earned by your services', money.earned],
    ['Earned, to be drawn', money.claimable], ['Earned and drawn', money.claimed],
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
  const { data: own } = useDeviceChannels();
  const ownOf = ({ channel }: MoneyItem) =>
    own?.find(({ channelId, open: pays }) => pays && channelId === channel?.channelId);
  const sessions = shown.filter(({ kind }) => kind === 'channel');
  const splits = shown.filter(({ kind, side, state }) => kind === 'split' && side === 'payee' && state === 'claimable');
  const onItsWay = shown.filter(({ state }) => state === 'transit');
  const coming = shown.filter(({ side, partOf, state }) => side === 'payee' && (partOf !== null || state === 'rest'));
  const services = shown.filter(({ side, state }) => side === 'provider' && state !== 'transit');
  return (
    <>
      <section aria-labelledby="sessions-title">
        <h2 id="sessions-title">Sessions</h2>
        {sessions.length === 0 && (
          <Empty title="No money is in a session">
            <p>A session opens on a model's page and holds what you put aside for it.</p>
            <p><Link to="/" className="button primary">Discover models</Link></p>
          </Empty>
        )}
        <ul className="rows">
          {sessions.map((item, index) => <ChannelRow key={`${item.channel?.channelId}-${item.state}-${index}`} item={item} own={ownOf(item)} />)}
        </ul>
      </section>
      <Plain title="On its way" items={onItsWay} />
      {splits.length > 0 && (
        <section aria-labelledby="splits-title">
          <h2 id="splits-title">Earned by your models</h2>
          <ul className="rows">
            {splits.map((item) => <SplitRow key={`${item.where}-${item.token}-${item.state}`} item={item} />)}
          </ul>
        </section>
      )}
      <Plain title="Your share of what is still to come" items={coming} />
      <Plain title="Earned by your services" items={services} />
    </>
  );
}

function Plain({ title, items }: { title: string; items: MoneyItem[] }) {
  if (items.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul className="rows">{items.map((item) => <PlainRow key={item.id} item={item} />)}</ul>
    </section>
  );
}
