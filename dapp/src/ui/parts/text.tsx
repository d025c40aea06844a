import { useState, type ReactNode } from 'react';
import { plain, shortDollars } from '../../lib/amount';
import { CheckIcon, CopyIcon } from './icons';

export const shortAddress = (address: string): string =>
  address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;

/** '0x70997970…/stories' as '0x7099…79C8/stories'. */
export function shortName(name: string): string {
  const [registrant = '', slug] = name.split('/');
  return slug ? `${shortAddress(registrant)}/${slug}` : shortAddress(name);
}

/** A digest or address, shortened, or what `children` call it; copied in full. */
export function Copyable({ value, children }: { value: string; children?: ReactNode }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <span className="copyable">
      {children ? <span title={value}>{children}</span> : <code title={value}>{shortAddress(value)}</code>}
      <button type="button" className="bare" onClick={() => void copy().catch(() => undefined)}
        aria-label={copied ? 'Copied' : `Copy ${value}`}>
        {copied ? <CheckIcon /> : <CopyIcon />}
      </button>
    </span>
  );
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const MOMENT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
});

export const Day = ({ at }: { at: number }) =>
  <time dateTime={new Date(at * 1000).toISOString()}>{DATE.format(at * 1000)}</time>;
export const moment = (at: number): string => MOMENT.format(at * 1000);

/** '1 hour', '30 days': how long something takes. */
export function duration(seconds: number): string {
  const units = [['day', 86_400], ['hour', 3600], ['minute', 60]] as const;
  for (const [unit, length] of units) {
    if (seconds >= length) {
      const count = Math.round(seconds / length);
      return `${count} ${unit}${count === 1 ? '' : 's'}`;
    }
  }
  return `${seconds} seconds`;
}

export function fileSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes, unit = 0;
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit++; }
  return `${size.toFixed(size < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

/** A sum in words of its token: dollars where the token is one, which ours are. */
export function Sum({ amount, decimals }: { amount: bigint | string; decimals: number }) {
  return <span className="sum" title={plain(BigInt(amount), decimals)}>
    {shortDollars(amount, decimals)}</span>;
}

export const words = (slug: string): string => slug.replaceAll(/[-_]/g, ' ');
