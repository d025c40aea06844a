// Money of the purse for one model, by whatever it still takes: nothing, a signature that lets this
// device spend, or one that puts money in.
import { spendable, spendableFor, type PurseState } from '@stoa/client';
import { useState, type ReactNode } from 'react';
import type { Address } from 'viem';
import { aboutCalls, dollars, parseAmount, plain } from '../../../lib/amount';
import type { OnStep } from '../../../lib/step';
import type { Token } from '../../../lib/types';
import { TxState, useFlow } from '../../flow';
import { Link } from '../../router';
import { useRefreshMoney } from '../../use_purse';
import { SumField } from '../sum_field';
import { Day } from '../text';
import { AllowForm } from './allow_form';
import { FundForm } from './fund_form';

const CHOICES = ['0.50', '1.00', '5.00'];
const DONE = 'Your session is open.';
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

type Props = {
  purse: PurseState;
  token: Token;
  least: bigint;
  /** Of a call; where it isn't known, a sum isn't told in calls. */
  typical?: bigint;
  /** The session is open already. */
  adding?: boolean;
  /** What this device's channels with the service have got so far. */
  held: bigint;
  lead: ReactNode;
  /** Takes the sum out of the purse: this device's key signs, no wallet is asked. */
  spend: (owner: Address, amount: bigint, onStep: OnStep) => Promise<void>;
};

export function FromPurse(props: Props) {
  const { purse, token, least, typical, held, lead, spend } = props;
  const [now] = useState(() => Math.floor(Date.now() / 1000));
  const room = spendableFor(purse, held, now);
  const money = (sum: bigint | string) => dollars(sum, token.decimals);
  const first = (owner: Address, sum: bigint, onStep: OnStep) =>
    spend(owner, shareOf(sum, least, token), onStep);
  if (room >= least) {
    return <UsePurse {...props} room={room} now={now} />;
  }
  if (BigInt(purse.balance) >= least) {
    return <AllowForm purse={purse} token={token} least={least} then={first} done={DONE}
      lead={(
        <p>
          <strong>Your purse holds {money(purse.balance)}.</strong> {whyNot(purse, now, money)} Of it, {money(shareOf(BigInt(purse.balance), least, token))} is
          set aside for this model first.
        </p>
      )} />;
  }
  return <FundForm purse={purse} token={token} least={least} then={first} done={DONE}
    lead={lead}
    help={(sum) => {
      const share = shareOf(sum, least, token);
      return `${upper(money(share))} of it is set aside for this model${typical === undefined ? '' : `, ${aboutCalls(share, typical)}`}; the rest waits for what you open next. All of it comes back when you like.`;
    }} />;
}

/** Of a purse's sum, what the model at hand gets at first: a quarter, at most a dollar. */
function shareOf(sum: bigint, least: bigint, { decimals }: Token): bigint {
  const one = 10n ** BigInt(decimals);
  const share = sum / 4n < one ? sum / 4n : one;
  return share < least ? least : share;
}

function whyNot(
  { key, leaving }: PurseState, now: number, money: (sum: string) => string,
): string {
  if (leaving) return 'It is being emptied; a new signature keeps it open.';
  if (!key || key.expires === 0) return 'This device may not spend from it yet: sign once, and it may.';
  if (key.expires <= now) return 'The time for which this device could spend from it is over: sign once more.';
  if (BigInt(key.leftToday) < BigInt(key.left)) {
    return `This device has ${money(key.leftToday)} left of today's limit. Wait for midnight UTC, or sign a higher one.`;
  }
  return `This device has ${money(key.left)} left of what it may use: sign a new limit.`;
}

function UsePurse(
  { purse, token, least, typical, adding = false, room, spend, now }: Props & { room: bigint; now: number },
) {
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const money = (sum: bigint | string) => dollars(sum, token.decimals);
  const usual = parseAmount('1.00', token.decimals)!;
  const choices = CHOICES.filter((choice) => {
    const sum = parseAmount(choice, token.decimals)!;
    return sum >= least && sum <= room;
  });
  const [typed, setTyped] = useState(room < usual || usual < least
    ? plain(room < usual ? room : least, token.decimals) : '1.00');
  const amount = parseAmount(typed, token.decimals);
  const trouble = amount === null ? 'Enter a sum in dollars, such as 1.00.'
    : amount < least ? `At least ${money(least)}, so that opening and closing are worth their cost.`
      : amount > room ? `This device may take ${money(room)} now.` : null;
  const start = () => flow.run(async ({ address }, onStep) => {
    try {
      await spend(address, amount!, onStep);
    } finally {
      void refresh();
    }
  }, { chain: false });
  return (
    <>
      <p>
        <strong>Your purse holds {money(purse.balance)}.</strong>{' '}
        {adding ? 'Put more of it into this session: your wallet is not asked.'
          : 'Use a part of it for this model: your wallet is not asked, and what you do not use comes back.'}
      </p>
      <SumField label="For this model" choices={choices} value={typed} change={setTyped} trouble={trouble}
        help={amount === null || typical === undefined ? '' : `${upper(aboutCalls(amount, typical))}.`} />
      <button type="button" className="primary big" data-testid="open-session"
        disabled={flow.running || trouble !== null} onClick={() => void start()}>
        {adding ? 'Add' : 'Use up to'} {money(amount ?? 0n)} of your purse
      </button>
      <TxState flow={flow} done={DONE} />
      {purse.key && (
        <p className="muted small" data-testid="purse-left">
          No question from your wallet. This device may take {money(spendable(purse, now))} now, until{' '}
          <Day at={purse.key.expires} />. <Link to="/money">Limits and money back</Link>
        </p>
      )}
    </>
  );
}
