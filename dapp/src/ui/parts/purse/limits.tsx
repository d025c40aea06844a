// What this device may take out of the purse, said as a sentence whose figures can be changed.
import { spentToday, type PursePolicy, type PurseState } from '@stoa/client';
import { useState } from 'react';
import { dollars, parseAmount } from '../../../lib/amount';
import { DEFAULT_LIFE, type Limits } from '../../../lib/purse';
import type { Token } from '../../../lib/types';
import { duration, moment } from '../text';

const LIVES = [86_400, 7 * 86_400, DEFAULT_LIFE, 90 * 86_400, 365 * 86_400];

export type LimitsState = {
  limits: Limits;
  trouble: string | null;
  /** Of the day's limit, where anything is. */
  used: string | null;
  perDay: string;
  setPerDay: (text: string) => void;
  life: number;
  setLife: (seconds: number) => void;
};

/** `cap` is all that this device may take; the daily limit follows it until it is set. */
export function useLimits(
  state: PurseState, token: Token, cap: bigint, least: bigint,
): LimitsState {
  const [typed, setPerDay] = useState<string | null>(null);
  const [life, setLife] = useState(DEFAULT_LIFE);
  const perDay = typed === null ? null : parseAmount(typed, token.decimals);
  const used = spentToday(state);
  const trouble = typed === null ? null
    : perDay === null ? 'Enter the daily limit in dollars, such as 1.00.'
      : perDay < used + least
        ? `${used > 0n ? `${dollars(used, token.decimals)} of today is used already: at least ` : 'At least '}${dollars(used + least, token.decimals)} a day.`
        : null;
  return {
    limits: { cap, perDay, life }, trouble, life, setLife, setPerDay,
    used: used > 0n ? dollars(used, token.decimals) : null,
    perDay: typed ?? dollars(cap + used, token.decimals).replace(/[$,]/g, ''),
  };
}

export function LimitsFields({ of: { perDay, setPerDay, life, setLife, trouble, used } }: { of: LimitsState }) {
  return (
    <div className="limits">
      <p className="sentence">
        <span>This device may use at most</span>
        <span className="pair">
          <span className="field small-field">
            <span aria-hidden="true">$</span>
            <input aria-label="Daily limit in dollars" data-testid="purse-per-day" inputMode="decimal"
              autoComplete="off" value={perDay} aria-invalid={trouble !== null} aria-describedby="limits-help"
              onChange={(event) => setPerDay(event.target.value)} />
          </span>
          a day,
        </span>
        <span className="pair">
          for
          <select aria-label="How long this device may use it" data-testid="purse-life" value={life}
            onChange={(event) => setLife(Number(event.target.value))}>
            {LIVES.map((seconds) => <option key={seconds} value={seconds}>{duration(seconds)}</option>)}
          </select>
        </span>
      </p>
      <p id="limits-help" className={trouble ? 'warn small' : 'muted small'} aria-live="polite">
        {trouble ?? `${used ? `${used} of the day's limit is used. ` : ''}The contract keeps these limits, whatever happens to this device. You can end them any time.`}
      </p>
    </div>
  );
}

/** What a signature commits to, line by line. */
export function PolicyLines({ policy, token }: { policy: PursePolicy; token: Token }) {
  const sum = (amount: bigint) => dollars(amount, token.decimals);
  return (
    <dl className="facts policy">
      <div><dt>Who may spend</dt><dd>a key that only this device has</dd></div>
      <div><dt>In all</dt><dd>{sum(policy.cap)}</dd></div>
      <div><dt>A day (UTC)</dt><dd>{sum(policy.capPerDay)}</dd></div>
      <div><dt>For one model</dt><dd>{sum(policy.capPerService)}</dd></div>
      <div><dt>Until</dt><dd>{moment(policy.expires)}</dd></div>
      <div><dt>On what</dt><dd>models of this market, nothing else</dd></div>
    </dl>
  );
}
