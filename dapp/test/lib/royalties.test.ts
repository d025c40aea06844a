import { decodeFunctionData, type Address } from 'viem';
import { expect, test } from 'vitest';
import { multicallAbi, splitAbi } from '../../src/lib/abi';
import { MAX_WAYS, percentOf, releaseCall, waysOf, type Royalties, type RoyaltyShare, type RoyaltySplit } from '../../src/lib/royalties';

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const TOP = at('a1'), MIDDLE = at('a2'), BASE = at('a3'), CHANNELS = at('cc'), TOKEN = at('ee');

function payee(account: Address, share: number, kind: RoyaltyShare['kind'] = 'account'): RoyaltyShare {
  return { account, share, whole: share, kind, claimed: '0', due: '0', transit: '0' };
}
function split(address: Address, payees: RoyaltyShare[]): RoyaltySplit {
  return { address, kind: 'model', level: 0, whole: 1_000_000, received: '0', waits: '0', payees };
}
function royalties(fields: Partial<Royalties>): Royalties {
  return {
    model: '3', payTo: TOP, token: TOKEN, decimals: 6, block: 1, amount: null, complete: true, pullable: '0', settles: [],
    pulls: [], sources: [], payees: [],
    splits: [
      split(TOP, [payee(at('01'), 500_000), payee(MIDDLE, 300_000, 'split'), payee(BASE, 200_000, 'split')]),
      split(MIDDLE, [payee(at('02'), 900_000), payee(BASE, 100_000, 'split')]),
      split(BASE, [payee(at('03'), 1_000_000)]),
    ],
    ...fields,
  };
}

test('a base that two ways lead to stands on both, each with its part', () => {
  const ways = waysOf(royalties({}));
  expect(ways.map(({ account, level, part }) => [account, level, percentOf(part)])).toEqual([
    [TOP, 0, '100 %'],
    [at('01'), 1, '50 %'],
    [MIDDLE, 1, '30 %'], [at('02'), 2, '27 %'], [BASE, 2, '3 %'], [at('03'), 3, '3 %'],
    [BASE, 1, '20 %'], [at('03'), 2, '20 %'],
  ]);
  for (const { from, level, account } of ways.slice(1)) {
    const payer = ways[from]!;
    expect(payer.level).toBe(level - 1);
    expect(payer.split?.payees.some((one) => one.account === account)).toBe(true);
  }
  expect(new Set(ways.map(({ key }) => key)).size).toBe(ways.length);
});

test('what is there is not shown as nothing, and rows have an end', () => {
  expect(percentOf(1n)).toBe('< 0.01 %');
  expect(percentOf(0n)).toBe('0 %');
  expect(percentOf(123_450_000_000n)).toBe('12.34 %');
  const many = Array.from({ length: 32 }, (_, i) => payee(at((i + 16).toString(16)), 31_250));
  const wide = Array.from({ length: 8 }, (_, i) => payee(at(`b${i}`), 125_000, 'split'));
  const splits = [split(TOP, wide), ...wide.map(({ account }) => split(account, many))];
  expect(waysOf(royalties({ splits }))).toHaveLength(MAX_WAYS);
  expect(waysOf(royalties({ splits: [] }))).toEqual([]);
});

test('paying out settles first, then draws in the node\'s order, and leaves out what a token refuses', () => {
  const data = releaseCall(royalties({
    settles: [{ receiver: at('d1'), amount: '5' }],
    pulls: [
      { split: TOP, account: MIDDLE, amount: '3' }, { split: TOP, account: at('01'), amount: '5', refused: true },
      { split: MIDDLE, account: at('02'), amount: '2' },
    ],
  }), CHANNELS);
  const { functionName, args: [calls] } = decodeFunctionData({ abi: multicallAbi, data }) as any;
  expect(functionName).toBe('aggregate3');
  const targets = calls.map(({ target }: { target: string }) => target.toLowerCase());
  expect(targets).toEqual([CHANNELS, TOP, MIDDLE]);
  expect(calls.every(({ allowFailure }: { allowFailure: boolean }) => !allowFailure)).toBe(true);
  const [, , last] = calls;
  const { args } = decodeFunctionData({ abi: splitAbi, data: last.callData });
  expect(args.map((one) => one.toLowerCase())).toEqual([TOKEN, at('02')]);
});
