// The sheets of everybody, laid beside the chain: each unit is in one row, and each row in one place.
import assert from 'node:assert/strict';
import { abi, account } from './market.mjs';

/** Everybody who holds something: people, the node, and the splits that models and services pay into. */
async function everybody(market) {
  const people = Array.from({ length: 10 }, (_, index) => account(index).address);
  people.push((await market.json('/api/relay')).address);
  const splits = new Set();
  for (const { id } of (await market.json('/api/models?limit=100')).items) {
    const model = await market.json(`/api/models/${id}`);
    for (const one of [model.payTo, ...model.services.map(({ receiver }) => receiver)]) {
      if (await market.client.getCode({ address: one })) splits.add(one);
    }
  }
  return { people, splits: [...splits] };
}

/**
 * All rows of all sheets, each once. Fails unless they add up, to the unit, to what the token says that each place
 * holds, and all places to all there is of the token.
 */
export async function balance(market, moment) {
  const { people, splits } = await everybody(market);
  const rows = new Map();
  for (const address of [...people, ...splits]) {
    for (const item of (await market.json(`/api/money?address=${address}`)).items) {
      assert.ok(item.why && item.how, `${moment}: ${item.id} does not say why it is there and how it is freed`);
      // What a split holds is its payees'.
      const held = item.kind === 'wallet' && splits.includes(address);
      if (item.partOf || held || item.token !== market.token.address) continue;
      const other = rows.get(item.id);
      if (other) {
        assert.deepEqual([item.amount, item.where], [other.amount, other.where], `${moment}: ${item.id} is two things`);
      }
      rows.set(item.id, item);
    }
  }
  const sums = new Map([market.contracts.Channels, ...splits].map((place) => [place, 0n]));
  for (const { where, amount } of rows.values()) sums.set(where, (sums.get(where) ?? 0n) + BigInt(amount));
  for (const [place, sum] of sums) {
    assert.equal(sum, await market.balance(place), `${moment}: the rows at ${place} are not what it holds`);
  }
  const all = [...sums.values()].reduce((a, b) => a + b, 0n);
  assert.equal(all, await market.read(market.token.address, abi('TestUSD'), 'totalSupply'), `${moment}: all of it`);
  return [...rows.values()];
}

/** The rows of one address that are as `wanted`. */
export async function rowsOf(market, address, wanted = {}) {
  return (await market.json(`/api/money?address=${address}`)).items
    .filter((item) => Object.entries(wanted).every(([name, value]) => item[name] === value));
}

export const sum = (rows) => rows.reduce((total, { amount }) => total + BigInt(amount), 0n);
