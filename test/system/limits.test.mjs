// What a payer allows a session, as the node keeps it: a limit a day, an end, and no call after it is revoked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const NONE = (1n << 128n) - 1n;
const NEVER = 2 ** 40 - 1;
const TYPES = {
  Limits: [
    { name: 'channelId', type: 'bytes32' }, { name: 'perDay', type: 'uint128' },
    { name: 'expires', type: 'uint40' }, { name: 'nonce', type: 'uint256' },
  ],
};
const ask = (paying) => paying.fetch(`${market.url}/m/stories15m/v1/completions`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 8, temperature: 0 }),
});
const session = async (index) => (await market.json(`/api/money?address=${account(index).address}`)).items
  .find(({ kind, state }) => kind === 'channel' && state === 'refundable').channel;

async function limit(signer, channelId, { perDay = NONE, expires = NEVER, nonce = 0n }) {
  const signature = await signer.signTypedData({
    domain: {
      name: 'Stoa Limits', version: '1', chainId: market.chain.id, verifyingContract: market.contracts.Channels,
    },
    types: TYPES, primaryType: 'Limits', message: { channelId, perDay, expires, nonce },
  });
  const response = await fetch(`${market.url}/api/sessions/limits`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channelId, perDay: String(perDay), expires, nonce: String(nonce), signature }),
  });
  return { status: response.status, ...await response.json() };
}

test('the wallet limits a day, the key only tightens it, and both survive the death of the node', async () => {
  const paying = payingFetch(market, account(1));
  assert.equal((await ask(paying)).status, 200);
  const { channelId, charged, limits } = await session(1);
  assert.deepEqual(limits, {
    perDay: null, expires: null, nonce: '0', chargedToday: charged, revoked: false, keptBy: 'this node',
  });
  const amount = BigInt((await unpaid()).amount);
  const enough = BigInt(charged) + amount;

  assert.equal((await limit(account(2), channelId, { perDay: 1n })).code, 'limits_signature');
  assert.equal((await limit(paying.session, channelId, { perDay: enough, nonce: 5n })).code, 'limits_nonce');
  const set = await limit(paying.session, channelId, { perDay: enough });
  assert.deepEqual([set.status, set.limits.perDay, set.limits.nonce], [200, String(enough), '1']);
  assert.equal((await limit(paying.session, channelId, { perDay: enough })).status, 200, 'the same again');
  assert.equal((await limit(paying.session, channelId, { perDay: enough + 1n, nonce: 1n })).code, 'limits_signature');

  assert.equal((await ask(paying)).status, 200, 'it is still within the day');
  const refused = await ask(paying);
  assert.equal(refused.status, 403);
  const { error, code, fix } = await refused.json();
  assert.deepEqual([error.code, code], ['session_day_limit', 'session_day_limit']);
  assert.match(fix, /00:00 UTC.*\/api\/sessions\/limits/);
  assert.ok(Number(refused.headers.get('retry-after')) <= 86_400);

  await market.kill();
  await market.up();
  const after = await session(1);
  assert.equal(after.limits.chargedToday, after.charged);
  assert.equal((await ask(paying)).status, 403, 'the day is counted from the record');
  assert.equal((await limit(account(1), channelId, { nonce: 1n })).status, 200);
  assert.equal((await ask(paying)).status, 200);
});

test('a revoked key is refused at once, by the command line as by the wallet, and the rest comes back', async () => {
  const paying = payingFetch(market, account(4));
  assert.equal((await ask(paying)).status, 200);
  await market.cli('key', 'import', 'limited', '--mnemonic-file', 'vectors/anvil.mnemonic', '--index', '4');
  const shown = await market.cli('session', 'limits', '--key', 'limited', '--per-day', '0.50', '--days', '7');
  assert.equal(shown.sessions[0].perDay, '500000');
  assert.equal((await ask(paying)).status, 200);
  const revoked = await market.cli('session', 'revoke', '--key', 'limited');
  assert.equal(revoked.sessions[0].expires, 0);
  const refused = await ask(paying);
  assert.deepEqual([refused.status, (await refused.json()).code], [403, 'session_expired']);
  const { limits } = await session(4);
  assert.deepEqual([limits.revoked, limits.perDay, limits.expires], [true, '500000', 0]);
  const { closed } = await market.cli('session', 'close', '--key', 'limited');
  assert.equal(closed.length, 1);
});

/** What a call is offered for. */
async function unpaid() {
  const response = await fetch(`${market.url}/m/stories15m/v1/completions`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 8, temperature: 0 }),
  });
  return JSON.parse(atob(response.headers.get('payment-required'))).accepts[0];
}
