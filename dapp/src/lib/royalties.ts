// Who earns what of a model: the node's answer as a tree of ways that money takes, and the one
// transaction that pays everybody out. Shares are of 1,000,000, as in the contracts.
import { encodeFunctionData, type Address, type Hex } from 'viem';
import { channelsSettleAbi, multicallAbi, splitAbi } from './abi';

export type RoyaltyShare = {
  account: Address;
  share: number;
  /** Of all that comes in, over every way to it. */
  whole: number;
  kind: 'account' | 'split';
  role?: string;
  claimed: string;
  due: string;
  transit: string;
  gets?: string;
};

export type RoyaltySplit = {
  address: Address;
  kind: 'model' | 'service' | 'split';
  level: number;
  whole: number;
  received: string;
  waits: string;
  waitsAfter?: string;
  model?: string;
  service?: string;
  name?: string;
  title?: string;
  payees: RoyaltyShare[];
};

export type RoyaltyPayee = {
  account: Address;
  whole: number;
  role?: string;
  claimed: string;
  due: string;
  transit: string;
  before?: string;
  gets?: string;
  after?: string;
};

export type RoyaltySource = {
  address: Address;
  kind: RoyaltySplit['kind'];
  share: number;
  due: string;
  settling: string;
  model?: string;
  service?: string;
  title?: string;
};

export type Royalties = {
  model: string;
  payTo: Address;
  token: Address;
  decimals: number;
  block: number;
  amount: string | null;
  complete: boolean;
  pullable: string;
  settles: { receiver: Address; amount: string }[];
  pulls: { split: Address; account: Address; amount: string; refused?: boolean }[];
  sources: RoyaltySource[];
  splits: RoyaltySplit[];
  payees: RoyaltyPayee[];
};

/** One step of one way: a payee of a split, and that split's own payees where it is one. */
export type Way = {
  key: string;
  account: Address;
  level: number;
  /** The row of the split that pays it; -1 for what comes in. */
  from: number;
  share: number;
  /** Of each 10^12 that come in, by this way alone. */
  part: bigint;
  split?: RoyaltySplit;
  role?: string;
};

const ONE = 1_000_000_000_000n;
const MILLION = 1_000_000n;
/** A base that many ways lead to is shown on each of them; more rows than this help nobody. */
export const MAX_WAYS = 120;
/** Of one transaction. */
const MAX_CALLS = 100;

/** The ways from the first split on, each row below the one that pays it. */
export function waysOf(royalties: Royalties): Way[] {
  const splits = new Map(royalties.splits.map((split) => [split.address, split]));
  const first = royalties.splits[0];
  if (!first) return [];
  const ways: Way[] = [];
  const visit = (split: RoyaltySplit, level: number, from: number, part: bigint, share: number, key: string) => {
    const row = ways.push({ key, account: split.address, level, from, share, part, split }) - 1;
    const largestFirst = [...split.payees].sort((a, b) => b.share - a.share);
    for (const payee of largestFirst) {
      if (ways.length >= MAX_WAYS) return;
      const its = (part * BigInt(payee.share)) / MILLION;
      const below = payee.kind === 'split' ? splits.get(payee.account) : undefined;
      const name = `${key}/${payee.account}`;
      if (below) visit(below, level + 1, row, its, payee.share, name);
      else ways.push({ key: name, account: payee.account, level: level + 1, from: row, share: payee.share, part: its, role: payee.role });
    }
  };
  visit(first, 0, -1, ONE, Number(MILLION), first.address);
  return ways;
}

/** '12.5 %' of a part of 10^12; what is there is never shown as nothing. */
export function percentOf(part: bigint): string {
  const hundredths = Number((part * 10_000n) / ONE) / 100;
  if (hundredths === 0 && part > 0n) return '< 0.01 %';
  return `${hundredths} %`;
}

/**
 * Pays out all that waits, made here of the node's list: each call names a split and one of its
 * payees, so that money can go to nobody else.
 */
export function releaseCall(royalties: Royalties, channels: Address): Hex {
  const settles = royalties.settles.map(({ receiver }) => ({
    target: channels,
    callData: encodeFunctionData({
      abi: channelsSettleAbi, functionName: 'settle', args: [receiver, royalties.token],
    }),
  }));
  const claims = royalties.pulls.filter(({ refused }) => !refused).map(({ split, account }) => ({
    target: split,
    callData: encodeFunctionData({
      abi: splitAbi, functionName: 'claim', args: [royalties.token, account],
    }),
  }));
  const calls = [...settles, ...claims].slice(0, MAX_CALLS);
  return encodeFunctionData({
    abi: multicallAbi, functionName: 'aggregate3',
    args: [calls.map((call) => ({ ...call, allowFailure: false }))],
  });
}
