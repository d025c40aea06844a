// A price that follows demand, from the command line over the chain to what the node says of it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';

const mnemonic = path.join(import.meta.dirname, '../vectors/anvil.mnemonic');
const DAY = 86_400;

let market, offer;
before(async () => {
  market = await openMarket();
  for (const [name, index] of [['creator', 7], ['buyer', 5]]) {
    await market.cli('key', 'import', name, '--mnemonic-file', mnemonic, '--index', String(index));
  }
  ({ offer } = await market.cli('offer', 'stories15m', '--key', 'creator', '--price', '5.00', '--up-to', '20.00', '--per-day', '2',
    '--doubles-after', '4', '--days', '30'));
});
after(() => market?.close());

/** What the node says once it knows of so many sales. */
async function prices(sales) {
  for (;;) {
    const response = await fetch(`${market.url}/api/offers/${offer}/prices`);
    const said = await response.json();
    if (response.ok && said.sales.length === sales) return said;
    await new Promise((next) => setTimeout(next, 50));
  }
}
const money = () => market.balance(account(5).address);
const buy = (...more) => market.cli('buy', 'stories15m', '--offer', offer, '--key', 'buyer', ...more);

test('it starts at the floor, rises with each sale, and each buyer pays what was said', async () => {
  const first = await prices(0);
  assert.deepEqual([first.price, first.floor, first.cap, first.excess], ['5000000', '5000000', '20000000', '0']);
  const before = await money();
  await buy();
  const second = await prices(1);
  await buy();
  const third = await prices(2);
  assert.ok(BigInt(second.price) > 5_000_000n && BigInt(second.price) < BigInt(third.price));
  // 2^(1/4), less what drained in the seconds between.
  assert.ok(BigInt(second.price) <= 5_946_036n && BigInt(second.price) > 5_900_000n, second.price);
  assert.deepEqual(third.sales.map(({ n }) => n), [1, 1]);
  assert.equal(third.sales[0].amount, '5000000');
  assert.equal(before - await money(), third.sales.reduce((sum, { amount }) => sum + BigInt(amount), 0n));
});

test('a buyer never pays more than the limit', async () => {
  await assert.rejects(buy('--max-price', '5.00'), /price_above_max|It costs/);
});

test('another price is announced a week before it holds', async () => {
  const { from } = await market.cli('reprice', offer, '--key', 'creator', '--price', '9.00');
  const { next, price } = await prices(2);
  assert.equal(next.from, from);
  assert.deepEqual(next.prices.map(({ floor, cap }) => [floor, cap]), [['9000000', '9000000']]);
  assert.ok(BigInt(price) < 9_000_000n);
  await market.rpc('evm_increaseTime', [7 * DAY + 1]);
  await market.rpc('evm_mine', []);
  const then = await prices(2);
  assert.deepEqual([then.price, then.next, then.renewalCap], ['9000000', null, '20000000']);
});

test('half a curve, and figures that no offer holds, are refused with what is wrong', async () => {
  const sell = (...more) => market.cli('offer', 'stories15m', '--key', 'creator', ...more);
  await assert.rejects(sell('--price', '5.00', '--up-to', '20.00'), /--per-day and --doubles-after/);
  await assert.rejects(sell('--price', '5.00', '--up-to', '4.00', '--per-day', '1', '--doubles-after', '1'), /no_curve/);
  await assert.rejects(sell('--price', '5.00', '--up-to', '20.00', '--per-day', '1', '--doubles-after', '99999999999999'), /out_of_range/);
  await assert.rejects(sell('--price', '99999999999999999999999999'), /out_of_range/);
  await assert.rejects(sell('--price', 'five'), /Write it as 1\.50/);
});
