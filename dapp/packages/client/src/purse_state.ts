// How a purse and a key of it stand, as a node reads it from the chain, and what limits a new
// policy needs so that what its owner wants is possible.
import type { Address, Hex } from 'viem';
import { Problem } from './problem.ts';
import { purseOf } from './purse.ts';

/** The answer of GET /api/purse. */
export type PurseState = {
  purse: Address;
  exists: boolean;
  owner: Address;
  token: Address;
  nonce: number | string;
  /** It is being emptied: no key may spend from it. */
  leaving: boolean;
  balance: string;
  key: PurseKey | null;
  /** Of the key that was asked for: those that hold money. */
  channels?: PurseChannel[];
};

export type PurseChannel = {
  channelId: Hex;
  key: Address;
  service: string | null;
  lane: number | null;
  balance: string;
  claimed: string;
};

export type PurseKey = {
  key: Address;
  expires: number;
  left: string;
  leftToday: string;
  capPerDay: string;
  capPerService: string;
  /** How many deposits it has signed: the nonce of its next. */
  spends: number;
  valid: boolean;
};

/** Refuses the description of a purse that isn't the owner's. Addresses come in any case. */
export function checkPurse(
  state: PurseState, where: { purses: Address; chainId: number; owner: Address; token: Address },
): PurseState {
  const purse = purseOf(where);
  if (state.purse.toLowerCase() === purse.toLowerCase()) return { ...state, purse };
  throw new Problem(0, 'purse_mismatch', 'The node names a purse that is not yours.',
    'Nothing was signed. Use another node.');
}

/** The most that the key may still take out of the purse: ever, today, as far as there is money. */
export function spendable({ balance, leaving, key }: PurseState, now: number): bigint {
  if (!key?.valid || leaving || key.expires <= now) return 0n;
  return least(BigInt(balance), BigInt(key.left), BigInt(key.leftToday));
}

/** The most that may go into the key's channels with one service, which got `held` so far. */
export function spendableFor(state: PurseState, held: bigint, now: number): bigint {
  const room = BigInt(state.key?.capPerService ?? '0') - held;
  return least(spendable(state, now), room > 0n ? room : 0n);
}

/** What the key has taken out today; it stays counted under a new policy. */
export function spentToday({ key }: PurseState): bigint {
  return key ? BigInt(key.capPerDay) - BigInt(key.leftToday) : 0n;
}

/**
 * The limits of a new policy under which `cap` may be spent. Those that its owner doesn't set are
 * wide enough for it: what was used of the day, and what a service got, stays counted.
 */
export function limitsFor(
  state: PurseState,
  { cap, perDay, perService, largest }:
  { cap: bigint; perDay?: bigint | undefined; perService?: bigint | undefined; largest: bigint },
): { cap: bigint; capPerDay: bigint; capPerService: bigint } {
  return {
    cap, capPerDay: perDay ?? cap + spentToday(state), capPerService: perService ?? cap + largest,
  };
}

const least = (...sums: bigint[]): bigint => sums.reduce((a, b) => (b < a ? b : a));
