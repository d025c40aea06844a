// Money for people. Sums are bigints of a token's smallest unit; nothing here passes through a
// floating-point number that is shown as a sum.
import type { Address } from 'viem';
import type { Token } from './types';

/** Of the two tokens, the one that is called so; addresses come in any case. */
export function tokenAt(tokens: Token[], address: Address): Token | undefined {
  return tokens.find((token) => token.address.toLowerCase() === address.toLowerCase());
}

/** '12.5' of 12500000 with 6 decimals: exact, without trailing zeros. */
export function plain(amount: bigint, decimals: number): string {
  const negative = amount < 0n;
  const digits = (negative ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const rest = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${rest && `.${rest}`}`;
}

/** '$5.00', '$0.0021', '$1,250.00': exact to the last unit, with two decimals at least. */
export function dollars(amount: bigint | string, decimals = 6): string {
  const [whole = '0', rest = ''] = plain(BigInt(amount), decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = grouped.startsWith('-') ? '−' : '';
  return `${sign}$${grouped.replace('-', '')}.${rest.padEnd(2, '0')}`;
}

/** For headlines, where the last unit doesn't matter: two significant digits below a cent. */
export function shortDollars(amount: bigint | string, decimals = 6): string {
  const exact = BigInt(amount);
  const cent = 10n ** BigInt(Math.max(decimals - 2, 0));
  if (exact === 0n) return '$0';
  if (exact >= cent * 10n) return dollars((exact / cent) * cent, decimals);
  const keep = 10n ** BigInt(Math.max(exact.toString().length - 2, 0));
  return dollars((exact / keep) * keep, decimals);
}

/** The smallest unit of what a person typed, or null: '2', '2.50', ',5'. */
export function parseAmount(text: string, decimals: number): bigint | null {
  const match = /^\s*\$?\s*(\d{0,30})(?:[.,](\d*))?\s*$/.exec(text);
  if (!match) return null;
  const [, whole = '', rest = ''] = match;
  if (whole === '' && rest === '') return null;
  if (rest.length > decimals) return null;
  return BigInt(whole + rest.padEnd(decimals, '0'));
}

/** 'about 480 calls': how far a sum goes, rounded down to two digits, never promised. */
export function aboutCalls(sum: bigint, perCall: bigint): string {
  if (perCall === 0n) return 'free calls';
  const calls = sum / perCall;
  if (calls === 0n) return 'less than one call';
  if (calls === 1n) return 'about 1 call';
  const keep = 10n ** BigInt(Math.max(calls.toString().length - 2, 0));
  return `about ${((calls / keep) * keep).toString().replace(/\B(?=(\d{3})+$)/g, ',')} calls`;
}

/** Shares of 1e6 as a percentage: '33.33 %'. */
export function percent(share: number, of = 1_000_000): string {
  return `${Number(((share / of) * 100).toFixed(2))} %`;
}

/** The part of a sum that a share receives, rounded down as the contract does. */
export function partOf(sum: bigint, share: number): bigint {
  return (sum * BigInt(share)) / 1_000_000n;
}
