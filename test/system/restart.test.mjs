// A session outlives its node's death and its client's: nothing acknowledged is lost or served twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const ask = (paying) => paying.fetch(`${market.url}/m/stories15m/v1/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 8, temperature: 0 }),
});
const charged = async (address) => (await market.json(`/api/money?address=${address}`)).items
  .filter((item) => item.kind === 'channel').map((item) => BigInt(item.channel.charged))[0];

test('a node killed between two calls continues the session without a wallet signature', async () => {
  const paying = payingFetch(market, account(1));
  assert.equal((await ask(paying)).status, 200);
  const before = await charged(account(1).address);
  await market.kill();
  await market.up();
  assert.equal(await charged(account(1).address), before);
  assert.equal((await ask(paying)).status, 200);
  assert.equal(await charged(account(1).address), before * 2n);
  assert.deepEqual(paying.prompts, ['ReceiveWithAuthorization']);
});

test('a voucher that was served before the kill is not served again after it', async () => {
  const sent = [];
  const paying = payingFetch(market, account(2));
  const spy = globalThis.fetch;
  globalThis.fetch = (request, init) => {
    const signature = new Headers(init?.headers ?? request.headers).get('payment-signature');
    if (signature) sent.push(signature);
    return spy(request, init);
  };
  try { assert.equal((await ask(payingFetch(market, account(2)))).status, 200); } finally {
    globalThis.fetch = spy;
  }
  assert.equal(paying.prompts.length, 0);
  const before = await charged(account(2).address);
  await market.kill();
  await market.up();
  const replay = await fetch(`${market.url}/m/stories15m/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'payment-signature': sent.at(-1) },
    body: JSON.stringify({ model: 'stories15m', prompt: 'Twice', max_tokens: 8, temperature: 0 }),
  });
  assert.equal(replay.status, 402);
  assert.equal(await charged(account(2).address), before);
});

test('a restarted marketplace has the same listings, chain and balances', async () => {
  const look = async () => ({
    genesis: market.deployment.genesisHash,
    models: (await market.json('/api/models')).items.map(({ canonicalId, version }) => [canonicalId, version]),
    balance: await market.balance(account(1).address),
  });
  const before = await look();
  await market.kill();
  await market.up();
  assert.deepEqual(await look(), before);
});
