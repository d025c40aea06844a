// Streams that are begun with a little and paid on for while they run, against the real node and model.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { keccak256, toHex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import {
  createStoaFetch, depositOf, encodeHeader, newChannel, serverEvents,
  sessionTerms, voucherTypedData,
} from '../../dapp/packages/client/dist/index.js';
import { account, openMarket } from './market.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const TOKENS = 200;
const body = {
  model: 'stories15m', prompt: 'Once upon a time', max_tokens: TOKENS, temperature: 0,
  stream: true, stream_options: { include_usage: true },
};
const decoded = (header) => JSON.parse(atob(header));

/** A channel of its own, made by hand: each thing that is signed here is the test's own. */
async function openSession(index, amount) {
  const wallet = account(index);
  const { services } = await market.json('/api/models/stories15m');
  const url = `${market.url}/m/stories15m/v1/completions`;
  const key = privateKeyToAccount(generatePrivateKey());
  const channel = newChannel({
    chainId: market.deployment.chainId, payer: wallet.address, model: 'stories15m',
    terms: await sessionTerms(url, services, market.deployment.chainId, fetch),
    payerAuthorizer: key.address, now: Math.floor(Date.now() / 1000),
  });
  const { data, body: relayed } = depositOf({ channel, token: market.token, amount, now: Math.floor(Date.now() / 1000) });
  const signature = await wallet.signTypedData(data);
  await market.json('/api/relay', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'deposit', ...relayed(signature) },
      (_, value) => (typeof value === 'bigint' ? value.toString() : value)),
  });
  const voucher = async (total, signer = key, channelId = channel.channelId) => ({
    channelId, maxClaimableAmount: total.toString(),
    signature: await signer.signTypedData(voucherTypedData(channel.chainId, channelId, total)),
  });
  const terms = await priceOf(url);
  /** Begins a stream with `amount` on top of what was charged. */
  const begin = async (charged, first) => fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json', 'stoa-stream': '1',
      'payment-signature': encodeHeader({
        x402Version: 2, accepted: { ...terms, amount: first.toString() },
        payload: { type: 'voucher', channelConfig: channel.config, voucher: await voucher(charged + first) },
      }),
    },
    body: JSON.stringify(body),
  });
  const charged = async () => {
    const { items } = await market.json(`/api/money?address=${wallet.address}`);
    const own = items.find(({ channel: it }) => it?.channelId.toLowerCase() === channel.channelId.toLowerCase());
    return BigInt(own.channel.charged);
  };
  return { channel, voucher, begin, charged, terms };
}

async function priceOf(url) {
  const asked = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json', 'stoa-stream': '1' }, body: JSON.stringify(body),
  });
  assert.equal(asked.status, 402);
  return decoded(asked.headers.get('payment-required')).accepts[0];
}

const payOn = (voucher) => fetch(`${market.url}/x402/voucher`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(voucher),
});

/** Reads to the end; `onAsk` is called with each stoa.voucher. */
async function read(response, onAsk = async () => {}) {
  const seen = { text: '', asks: [], finish: null, usage: null, receipt: null, done: false };
  for await (const { event, data } of serverEvents(response.body)) {
    if (event === 'stoa.voucher') {
      seen.asks.push(JSON.parse(data));
      await onAsk(seen.asks.at(-1));
    } else if (event === 'stoa.receipt') {
      seen.receipt = JSON.parse(data);
    } else if (data === '[DONE]') {
      seen.done = true;
    } else {
      const chunk = JSON.parse(data);
      seen.text += chunk.choices[0]?.text ?? '';
      seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
      seen.usage = chunk.usage ?? seen.usage;
    }
  }
  return seen;
}

/** What so many tokens cost, as stoa/payment/price.hpp counts. */
async function costOf({ prompt_tokens, completion_tokens }) {
  const { stoa } = (await market.json('/v1/models')).data.find(({ id }) => id === 'stories15m');
  const parts = BigInt(stoa.perMillionInput) * BigInt(prompt_tokens)
    + BigInt(stoa.perMillionOutput) * BigInt(completion_tokens);
  return BigInt(stoa.perCall) + (parts + 999_999n) / 1_000_000n;
}

let whole;

test('a stream that starts small is topped up several times, without a gap, and charged exactly', async () => {
  const { voucher, begin, charged, terms } = await openSession(1, 1_000_000n);
  const [least, bound] = [BigInt(terms.extra.leastAmount), BigInt(terms.amount)];
  assert.ok(least < bound, `${least} of ${bound}`);
  const paid = await read(await begin(0n, bound));
  assert.deepEqual(paid.asks, []);
  whole = paid;
  const first = await charged();
  assert.equal(first, await costOf(paid.usage));

  const seen = await read(await begin(first, least), async ({ required }) => {
    assert.equal((await payOn(await voucher(BigInt(required)))).status, 204);
  });
  assert.ok(seen.asks.length >= 3, `asked ${seen.asks.length} times`);
  assert.equal(seen.asks[0].accepted, (first + least).toString());
  for (const [n, { accepted }] of seen.asks.slice(1).entries()) assert.equal(accepted, seen.asks[n].required);
  assert.deepEqual([seen.text, seen.finish, seen.usage, seen.done], [paid.text, paid.finish, paid.usage, true]);
  const cost = await costOf(seen.usage);
  assert.equal(await charged(), first + cost);
  assert.equal(seen.receipt.extra.chargedAmount, cost.toString());
  const { receipt } = seen.receipt.extensions['stoa-receipt'];
  assert.deepEqual([receipt.charge, receipt.cumulative], [cost.toString(), (first + cost).toString()]);
  assert.equal(receipt.outputHash, keccak256(toHex(seen.text)));
});

test('who does not top up gets what was signed for, and "length"', async () => {
  const { begin, charged, terms } = await openSession(2, 1_000_000n);
  const least = BigInt(terms.extra.leastAmount);
  const seen = await read(await begin(0n, least));
  assert.equal(seen.asks.length, 1);
  assert.deepEqual([seen.finish, seen.done], ['length', true]);
  assert.ok(seen.text.length > 20 && whole.text.startsWith(seen.text), seen.text);
  const cost = await costOf(seen.usage);
  assert.ok(cost <= least);
  assert.ok(await costOf({ ...seen.usage, completion_tokens: seen.usage.completion_tokens + 1 }) > least);
  assert.equal(await charged(), cost);
});

test('what is no larger voucher for the running call is refused with its reason, and the stream goes on', async () => {
  const one = await openSession(3, 100_000n);
  const other = await openSession(4, 1_000_000n);
  const least = BigInt(one.terms.extra.leastAmount);
  const stranger = privateKeyToAccount(generatePrivateKey());
  const refused = async (voucher, status, code) => {
    const response = await payOn(voucher);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = await response.json();
    assert.deepEqual([response.status, problem.code], [status, `invalid_batch_settlement_evm_${code}`]);
    assert.ok(problem.fix.length > 10);
  };
  const seen = await read(await one.begin(0n, least), async ({ required }) => {
    const total = BigInt(required);
    await refused(await one.voucher(total, stranger), 422, 'voucher_signature');
    await refused(await one.voucher(least - 1n), 422, 'cumulative_too_low');
    await refused(await one.voucher(total - 1n), 422, 'cumulative_too_low');
    await refused(await one.voucher(100_001n), 422, 'cumulative_exceeds_balance');
    await refused(await other.voucher(total), 404, 'no_running_call');
    assert.equal((await payOn({ ...await one.voucher(total), signature: '0x12' })).status, 400);
  });
  assert.deepEqual([seen.asks.length, seen.finish, seen.done], [1, 'length', true]);
  assert.ok(whole.text.startsWith(seen.text));
  assert.equal(await one.charged(), await costOf(seen.usage));
});

test('@stoa/client starts small and tops up by itself, and its limit per call ends the answer', async () => {
  const totals = [];
  const counting = (input, init) => {
    const url = typeof input === 'string' ? input : input.url ?? String(input);
    if (url.endsWith('/x402/voucher')) totals.push(BigInt(JSON.parse(init.body).maxClaimableAmount));
    return fetch(input, init);
  };
  const paying = (options) => {
    const pay = createStoaFetch({ node: market.url, signer: account(5), fetch: counting, ...options });
    return { pay, openai: new OpenAI({ baseURL: `${market.url}/v1`, apiKey: 'unused', fetch: pay }) };
  };
  const collect = async (openai) => {
    const seen = { text: '', finish: null };
    for await (const { choices: [choice] } of await openai.completions.create(body)) {
      seen.text += choice?.text ?? '';
      seen.finish = choice?.finish_reason ?? seen.finish;
    }
    return seen;
  };
  const { pay, openai } = paying({});
  assert.deepEqual(await collect(openai), { text: whole.text, finish: whole.finish });
  assert.ok(totals.length >= 2, `${totals}`);
  const [session] = await pay.sessions();
  assert.equal(BigInt(session.charged), await costOf(whole.usage));
  assert.equal(BigInt(session.signedMax), totals.at(-1));

  totals.length = 0;
  // More than a stream is begun with, and less than all of this one costs.
  const { extra: { leastAmount } } = await priceOf(`${market.url}/v1/completions`);
  const limit = (BigInt(leastAmount) + BigInt(session.charged)) / 2n;
  const perCall = `0.${limit.toString().padStart(market.token.decimals, '0')}`;
  const short = paying({ policy: { perCall } });
  const seen = await collect(short.openai);
  assert.equal(seen.finish, 'length');
  assert.ok(whole.text.startsWith(seen.text) && seen.text.length < whole.text.length);
  const [{ charged }] = await short.pay.sessions();
  assert.ok(BigInt(charged) <= limit && BigInt(charged) > 0n);
  await pay.close();
});

test('a node that is killed after a top-up keeps the voucher and charges nothing', async () => {
  const { voucher, begin, charged, terms } = await openSession(6, 1_000_000n);
  const least = BigInt(terms.extra.leastAmount);
  let raised;
  await assert.rejects(read(await begin(0n, least), async ({ required }) => {
    if (raised !== undefined) return;
    raised = BigInt(required);
    assert.equal((await payOn(await voucher(raised))).status, 204);
    await market.kill();
  }));
  await market.up();
  assert.equal(await charged(), 0n);
  const corrected = await begin(1n, least);
  assert.equal(corrected.status, 402);
  const { channelState, voucherState } = decoded(corrected.headers.get('payment-required')).accepts[0].extra;
  assert.equal(channelState.chargedCumulativeAmount, '0');
  assert.equal(voucherState.signedMaxClaimable, raised.toString());
  const seen = await read(await begin(0n, least));
  assert.deepEqual([seen.finish, seen.done], ['length', true]);
  assert.equal(await charged(), await costOf(seen.usage));
});
