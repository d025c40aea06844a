// The purse on the page of money: what it holds, what this device may take, and every way out.
import { spendable, spentToday, type PurseKey, type PurseState } from '@stoa/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dollars } from '../../../lib/amount';
import { otherKeys } from '../../../lib/purse';
import type { MoneyItem, Token } from '../../../lib/types';
import { useMarket } from '../../market';
import { usePurse } from '../../use_purse';
import { useWallet } from '../../wallet';
import { Dialog } from '../dialog';
import { Failure, Skeleton } from '../states';
import { Copyable, Day } from '../text';
import { AllowForm } from './allow_form';
import { ExitDialog, PurseWithoutNode, RevokeDialog } from './exit';
import { FundForm } from './fund_form';

/** The purse's channels that still hold something that is its owner's. */
const channelsOf = (items: MoneyItem[], { purse }: PurseState) => items.flatMap(({ channel }) =>
  (channel?.purse?.toLowerCase() === purse.toLowerCase() ? [channel] : []))
  .filter((one, index, all) => all.findIndex(({ channelId }) => channelId === one.channelId) === index);

export function PurseSection({ items }: { items: MoneyItem[] }) {
  const { deployment } = useMarket();
  const tokens = deployment.contracts.Purses ? deployment.tokens.filter(({ eip3009 }) => eip3009) : [];
  if (tokens.length === 0) return null;
  return (
    <section aria-labelledby="purse-title">
      <h2 id="purse-title">Purse</h2>
      <div className="rows">
        {tokens.map((token) => <PurseOf key={token.address} token={token} items={items} />)}
      </div>
    </section>
  );
}

function PurseOf({ token, items }: { token: Token; items: MoneyItem[] }) {
  const { data: purse, error, refetch } = usePurse(token);
  if (error && !purse) return <Failure error={error} retry={() => void refetch()} />;
  if (!purse) return <Skeleton count={1} className="block" />;
  const channels = channelsOf(items, purse);
  const aside = channels.reduce((sum, { refundable }) => sum + BigInt(refundable), 0n);
  const total = BigInt(purse.balance) + aside;
  return <PurseCard key={purse.purse} {...{ purse, token, channels, aside, total }} />;
}

export type PurseParts = {
  purse: PurseState;
  token: Token;
  channels: ReturnType<typeof channelsOf>;
  /** In sessions and not charged, and with what the purse holds. */
  aside: bigint;
  total: bigint;
};

type Asked = 'fund' | 'limits' | 'revoke' | 'exit' | null;

function PurseCard(parts: PurseParts) {
  const { purse, token, aside, total } = parts;
  const { address } = useWallet();
  const [asked, setAsked] = useState<Asked>(null);
  const [now] = useState(() => Math.floor(Date.now() / 1000));
  const money = (sum: bigint | string) => dollars(sum, token.decimals);
  const close = () => setAsked(null);
  const usable = purse.key !== null && purse.key.valid && purse.key.expires > now && !purse.leaving;
  const smallest = 10n ** BigInt(Math.max(token.decimals - 2, 0));
  return (
    <div className="card row-card" data-testid="purse">
      <div className="row-head">
        <div>
          <h3>One signature for every model</h3>
          <p className="muted">
            {purse.exists ? 'Your purse pays what you open, within the limits that you signed, and without asking your wallet.'
              : 'Fill a purse once, and open any model from it without asking your wallet. What you do not use comes back.'}
          </p>
        </div>
        {purse.exists && (
          <div className="row-sum">
            <strong className="price" data-testid="purse-balance">{money(purse.balance)}</strong>
            <span className={`tag ${total === 0n ? '' : purse.leaving ? 'withdrawing' : 'refundable'}`}>
              {total === 0n ? 'Empty' : purse.leaving ? 'Being emptied' : 'Refundable'}
            </span>
          </div>
        )}
      </div>
      {purse.exists && (
        <dl className="facts row">
          <div><dt>Set aside in sessions</dt><dd>{money(aside)}</dd></div>
          <div><dt>This device may take</dt><dd data-testid="purse-left">{usable ? `${money(spendable(purse, now))} now` : 'nothing'}</dd></div>
          {usable && <div><dt>Taken today (UTC)</dt><dd>{money(spentToday(purse))} of {money(purse.key!.capPerDay)}</dd></div>}
          {usable && <div><dt>Until</dt><dd><Day at={purse.key!.expires} /></dd></div>}
          <div><dt>Contract</dt><dd><Copyable value={purse.purse} /></dd></div>
        </dl>
      )}
      <div className="actions">
        <button type="button" className={purse.exists ? 'quiet' : 'primary'} data-testid="fund-purse"
          onClick={() => setAsked('fund')}>{purse.exists ? 'Add money' : 'Fill a purse'}</button>
        {BigInt(purse.balance) >= smallest && (
          <button type="button" className="quiet" data-testid="purse-limits" onClick={() => setAsked('limits')}>
            {usable ? 'Change limits' : 'Let this device use it'}
          </button>
        )}
        {usable && (
          <button type="button" className="quiet" data-testid="revoke-key" onClick={() => setAsked('revoke')}>
            End this device's access
          </button>
        )}
        {(total > 0n) && (
          <button type="button" className="quiet" data-testid="exit-purse" onClick={() => setAsked('exit')}>
            Take everything back
          </button>
        )}
      </div>
      {purse.exists && !purse.leaving && <OtherDevices {...parts} />}
      {total > 0n && address && <PurseWithoutNode {...parts} owner={address} />}
      {asked === 'fund' && (
        <Dialog title={purse.exists ? 'Add money to your purse' : 'Fill a purse'} close={close}>
          <FundForm purse={purse} token={token} least={smallest} done="It is in your purse." then={async () => close()} inDialog
            lead={purse.exists && <p>It holds {money(purse.balance)}. The signature also renews what this device may use.</p>}
            help={() => 'Refundable at once, without a fee.'} />
        </Dialog>
      )}
      {asked === 'limits' && (
        <Dialog title="What this device may use" close={close}>
          <AllowForm purse={purse} token={token} least={smallest} done="The limits are set." then={async () => close()} inDialog
            lead={<p>A new signature takes the place of the former one of this device. Nothing moves.</p>} />
        </Dialog>
      )}
      {asked === 'revoke' && purse.key && <RevokeDialog {...parts} revoked={purse.key.key} own close={close} />}
      {asked === 'exit' && <ExitDialog {...parts} close={close} />}
    </div>
  );
}

/** Whatever else may take money out of the purse, such as a phone that was lost. */
function OtherDevices({ purse, token, channels }: PurseParts) {
  const { api, rpc } = useMarket();
  const [ending, setEnding] = useState<PurseKey | null>(null);
  const [now] = useState(() => Math.floor(Date.now() / 1000));
  const { data: others } = useQuery({
    queryKey: ['purse', purse.owner, token.address, 'others', purse.nonce, channels.length],
    queryFn: () => otherKeys({ api, rpc, purse, channels }),
  });
  if (!others || others.length === 0) return null;
  return (
    <div className="devices">
      <p className="label">Other devices and programs that may use it</p>
      <ul>
        {others.map((state) => state.key && (
          <li key={state.key.key} data-testid="other-key">
            <span>
              <Copyable value={state.key.key} />{' '}
              <span className="muted">may take {dollars(spendable(state, now), token.decimals)} now, until <Day at={state.key.expires} /></span>
            </span>
            <button type="button" className="quiet" onClick={() => setEnding(state.key)}>End its access</button>
          </li>
        ))}
      </ul>
      {ending && (
        <RevokeDialog purse={purse} token={token} revoked={ending.key} own={false} close={() => setEnding(null)} />
      )}
    </div>
  );
}
