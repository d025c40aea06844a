// What the page sends to pay everybody out, on the real contracts.
import { numberToHex, type Address } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseCall, type Royalties } from '../../src/lib/royalties';
import { sendAndWait } from '../../src/lib/transaction';
import { account, openWorld, type World } from './anvil';

let world: World;
beforeAll(async () => { world = await openWorld(); }, 60_000);
afterAll(() => world?.close());

const at = (number: number): Address => numberToHex(number, { size: 20 });

async function splitOf(salt: number, payees: { account: Address; share: number }[]): Promise<Address> {
  const args = [numberToHex(salt, { size: 32 }), payees];
  await world.send(0, 'Splits', world.at('Splits'), 'create', args);
  return world.read<Address>('Splits', world.at('Splits'), 'addressOf', args);
}

test('one transaction of a stranger pays every level, to the unit; twice is once', async () => {
  const inner = await splitOf(1, [{ account: at(0xb1), share: 333_333 }, { account: at(0xb2), share: 666_667 }]);
  const outer = await splitOf(2, [{ account: at(0xa1), share: 857_143 }, { account: inner, share: 142_857 }]
    .sort((a, b) => (BigInt(a.account) < BigInt(b.account) ? -1 : 1)));
  await world.send(1, 'TestUSD', world.token.address, 'transfer', [outer, 1_000_003n]);
  const royalties = {
    token: world.token.address, settles: [],
    pulls: [[outer, at(0xa1)], [outer, inner], [inner, at(0xb1)], [inner, at(0xb2)]]
      .map(([split, to]) => ({ split: split!, account: to!, amount: '1' })),
  } as unknown as Royalties;
  const release = (it: Royalties) => sendAndWait({
    provider: world.provider(3), rpc: world.rpc, from: account(3).address, to: world.at('Multicall3'), onStep: () => undefined,
    data: releaseCall(it, world.at('Channels')),
  });
  await release(royalties);
  const held = async (...all: Address[]) => Promise.all(all.map((one) => world.balance(one)));
  // ⌊1,000,003 · 0.142857⌋ = 142,857 reach the inner split; each level keeps what its floors leave.
  const expected = [857_145n, 47_618n, 95_238n, 1n, 1n];
  expect(await held(at(0xa1), at(0xb1), at(0xb2), inner, outer)).toEqual(expected);
  await release(royalties);
  expect(await held(at(0xa1), at(0xb1), at(0xb2), inner, outer)).toEqual(expected);

  const stranger = { ...royalties, pulls: [{ split: outer, account: account(3).address, amount: '1' }] };
  await expect(release(stranger)).rejects.toMatchObject({ code: 'would_fail' });
});
