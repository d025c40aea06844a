// Clients that other people wrote, unmodified, pay this node and get what they paid for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { account, abi, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

const PROMPT = 'Once upon a time';
let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const openai = (baseURL, fetch, apiKey = 'unused') =>
  new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 });
const story = (stream) =>
  ({ model: 'stories15m', prompt: PROMPT, max_tokens: 24, temperature: 0, stream });

async function collect(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  return text;
}

test('the openai client with a paying fetch: whole answers and streams, one wallet signature', async () => {
  const paying = payingFetch(market, account(1));
  const client = openai(`${market.url}/v1`, paying.fetch);

  const whole = await client.completions.create(story(false));
  assert.match(whole.choices[0].text, /^, there was a little girl named Lily/);
  assert.equal(whole.usage.completion_tokens, 24);
  assert.equal(await collect(await client.completions.create(story(true))), whole.choices[0].text);
  assert.equal(await collect(await client.completions.create(story(true))), whole.choices[0].text);
  assert.equal((await client.completions.create(story(false))).choices[0].text, whole.choices[0].text);

  assert.deepEqual(paying.prompts, ['ReceiveWithAuthorization']);
});

test('embeddings through the openai client have the dimensions that the model has', async () => {
  const paying = payingFetch(market, account(1));
  const client = openai(`${market.url}/v1`, paying.fetch);
  const { data, usage } = await client.embeddings.create({
    model: 'minilm', input: ['A man is eating food.', 'A man is eating a piece of bread.'],
    encoding_format: 'float',
  });
  assert.deepEqual(data.map(({ embedding }) => embedding.length), [384, 384]);
  assert.ok(usage.prompt_tokens > 10);
});

test('x402 batch-settlement: deposit, vouchers, and every unused unit back on request', async () => {
  const buyer = account(2).address;
  const before = await market.balance(buyer);
  const paying = payingFetch(market, account(2), { deposit: '500000' });
  const url = `${market.url}/m/stories15m/v1/completions`;
  const ask = () => paying.fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(story(false)),
  });
  for (let call = 0; call < 3; call++) assert.equal((await ask()).status, 200);
  assert.deepEqual(paying.prompts, ['ReceiveWithAuthorization']);

  const [{ channel }] = (await market.json(`/api/money?address=${buyer}`)).items
    .filter((item) => item.kind === 'channel' && item.state === 'refundable');
  const refund = await paying.scheme.refund(url);
  assert.equal(refund.success, true);
  assert.equal(await market.balance(buyer), before - BigInt(channel.charged));
  assert.ok(BigInt(channel.charged) > 0n);
});

test('x402 exact: each call is paid in full before its answer', async () => {
  const buyer = account(3).address;
  const before = await market.balance(buyer);
  const paying = payingFetch(market, account(3), { scheme: 'exact' });
  const response = await paying.fetch(`${market.url}/v1/completions`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(story(true)),
  });
  assert.equal(response.status, 200);
  const settled = JSON.parse(atob(response.headers.get('payment-response')));
  assert.equal(settled.success, true);
  assert.match(await response.text(), /data: \[DONE\]/);
  const receipt = await market.client.getTransactionReceipt({ hash: settled.transaction });
  assert.equal(receipt.status, 'success');
  assert.ok(await market.balance(buyer) < before);
  assert.deepEqual(paying.prompts, ['TransferWithAuthorization']);
});

test('the openai client through `stoa proxy`, which pays for it', async () => {
  await market.cli('key', 'import', 'buyer', '--mnemonic-file', 'vectors/anvil.mnemonic', '--index', '4');
  const proxy = await market.background('proxy', '--key', 'buyer', '--budget', '1.00');
  try {
    const client = openai(proxy.said.OPENAI_BASE_URL, fetch, proxy.said.OPENAI_API_KEY);
    const whole = await client.completions.create(story(false));
    assert.match(whole.choices[0].text, /Lily/);
    assert.equal(await collect(await client.completions.create(story(true))), whole.choices[0].text);
    await assert.rejects(openai(proxy.said.OPENAI_BASE_URL, fetch, 'wrong').models.list(), { status: 401 });
    await assert.rejects(openai(proxy.said.OPENAI_BASE_URL, fetch, '11'.repeat(32)).models.list(),
      /private key/);
  } finally {
    proxy.close();
  }
});

test('the chain says the same as the node: claimed and settled sums reach provider and payees', async () => {
  const service = (await market.json('/api/models/stories15m')).services[0];
  const before = await Promise.all(service.payees.map(({ account: who }) => market.balance(who)));
  const claimed = await market.cli('claim');
  const [total] = await market.read(market.contracts.Channels, abi('Channels'), 'receivers',
    [service.receiver, market.token.address]);
  assert.ok(BigInt(total) > 0n);
  assert.ok(BigInt(claimed.settled) > 0n);
  assert.equal(before.length, service.payees.length);
});
