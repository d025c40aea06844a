// What a wrong request gets: a problem document that says what to do, and no change of any balance.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSiweMessage } from 'viem/siwe';
import { account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const json = (body, headers = {}) => ({
  method: 'POST', headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const post = (route, body, headers) => fetch(market.url + route, json(body, headers));
const encode = (value) => btoa(JSON.stringify(value));
const decode = (text) => JSON.parse(atob(text));
const PATH = '/m/stories15m/v1/completions';
const CALL = { model: 'stories15m', prompt: 'Once', max_tokens: 4, temperature: 0 };

/** Asserts a refusal: its status and code, and that it tells the reader what to do. */
async function refused(response, status, code) {
  const document = await response.json();
  const problem = document.error ?? document;
  assert.deepEqual([response.status, problem.code], [status, code], JSON.stringify(document));
  assert.ok((problem.detail ?? problem.message).length > 10, JSON.stringify(document));
  assert.ok(problem.fix?.length > 10, `no fix in ${JSON.stringify(document)}`);
}

test('an unknown model', async () => {
  await refused(await post('/v1/completions', { ...CALL, model: 'no-such-model' }), 404, 'unknown_model');
  await refused(await fetch(`${market.url}/api/models/no-such-model`), 404, 'unknown_model');
});

test('JSON that is broken, too deep or too large', async () => {
  await refused(await post(PATH, '{"model":'), 400, 'malformed_json');
  await refused(await post(PATH, `{"a":${'['.repeat(100_000)}`), 400, 'malformed_json');
  await refused(await post(PATH, { ...CALL, stop: JSON.parse('['.repeat(40) + ']'.repeat(40)) }), 400, 'malformed_json');
  await refused(await post(PATH, `{"prompt":"${'x'.repeat(1 << 21)}"}`), 413, 'body_too_large');
});

test('fields that no engine is given', async () => {
  await refused(await post(PATH, { ...CALL, n_discard: -1 }), 400, 'unknown_field');
  await refused(await post(PATH, { ...CALL, max_tokens: -1 }), 400, 'invalid_field');
});

test('a payment header that is not one', async () => {
  await refused(await post(PATH, CALL, { 'payment-signature': '%%%' }), 400, 'invalid_payload');
});

/** A genuine session, and the payment header of its last call. */
async function session(index) {
  const sent = [];
  const paying = payingFetch(market, account(index));
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const signature = new Headers(init?.headers ?? input.headers).get('payment-signature');
    if (signature) sent.push(signature);
    return real(input, init);
  };
  try {
    const again = payingFetch(market, account(index));
    for (let call = 0; call < 2; call++) {
      assert.equal((await again.fetch(market.url + PATH, json(CALL))).status, 200);
    }
  } finally { globalThis.fetch = real; }
  return { paying, payment: decode(sent.at(-1)) };
}

const money = async (index) => (await market.json(`/api/money?address=${account(index).address}`)).items
  .filter(({ kind }) => kind === 'channel').map(({ channel }) => [channel.balance, channel.charged]);
const pay = (payment, body = CALL) =>
  post(PATH, body, { 'payment-signature': encode(payment) });
const error = (response) => decode(response.headers.get('payment-required')).error;

test('payments that are stale, foreign, forged or too large change nothing', async () => {
  const { payment } = await session(5);
  const before = await money(5);
  const altered = (change) => { const copy = structuredClone(payment); change(copy); return copy; };
  const PREFIX = 'invalid_batch_settlement_evm_';

  const replayed = await pay(payment, { ...CALL, prompt: 'Twice' });
  assert.deepEqual([replayed.status, error(replayed)], [402, PREFIX + 'cumulative_amount_mismatch']);

  const forged = await pay(altered(({ payload }) => {
    payload.voucher.maxClaimableAmount = String(BigInt(payload.voucher.maxClaimableAmount) + 1n);
  }));
  assert.deepEqual([forged.status, error(forged)], [402, PREFIX + 'voucher_signature']);

  const twin = await pay(altered(({ payload }) => {
    const { signature } = payload.voucher;
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = (n - BigInt('0x' + signature.slice(66, 130))).toString(16).padStart(64, '0');
    const v = signature.slice(130) === '1b' ? '1c' : '1b';
    payload.voucher.signature = signature.slice(0, 66) + s + v;
  }));
  assert.deepEqual([twin.status, error(twin)], [402, PREFIX + 'voucher_signature']);

  const token = await pay(altered((copy) => { copy.accepted.asset = account(0).address; }));
  assert.deepEqual([token.status, error(token)], [402, 'No matching payment requirements']);
  const chain = await pay(altered((copy) => { copy.accepted.network = 'eip155:1'; }));
  assert.deepEqual([chain.status, error(chain)], [402, 'No matching payment requirements']);
  const config = await pay(altered(({ payload }) => { payload.channelConfig.token = account(0).address; }));
  assert.equal(config.status, 402);
  assert.match(error(config), /channel_id_mismatch|token_mismatch/);

  assert.deepEqual(await money(5), before);
});

test('a sign-in that is foreign, expired or used twice', async () => {
  const { chainId } = market.deployment;
  const host = new URL(market.url).host;
  const signIn = async (change = {}) => {
    const { nonce } = await market.json('/api/auth/nonce');
    const message = createSiweMessage({
      domain: host, address: account(6).address, uri: market.url, version: '1', chainId, nonce,
      statement: 'Sign in to Stoa. This costs nothing and moves nothing.', issuedAt: new Date(), ...change,
    });
    return { message, signature: await account(6).signMessage({ message }) };
  };
  const good = await signIn();
  const accepted = await post('/api/auth/verify', good);
  assert.equal(accepted.status, 200);
  assert.match(accepted.headers.get('set-cookie'), /HttpOnly/i);
  await refused(await post('/api/auth/verify', good), 401, 'nonce_unknown');
  await refused(await post('/api/auth/verify', await signIn({ domain: 'evil.example' })), 401, 'wrong_domain');
  await refused(await post('/api/auth/verify', await signIn({ chainId: 1 })), 401, 'wrong_chain');
  await refused(await post('/api/auth/verify', await signIn({ expirationTime: new Date(1e12) })), 401, 'expired');
  const stranger = await signIn({ address: account(7).address });
  await refused(await post('/api/auth/verify', stranger), 401, 'wrong_signer');
});

test('chain methods that a stranger must not have', async () => {
  for (const method of ['anvil_setBalance', 'evm_mine', 'debug_traceCall', 'eth_accounts', 'admin_peers']) {
    const response = await post(`/rpc/${market.deployment.chainId}`, { jsonrpc: '2.0', id: 1, method, params: [] });
    assert.equal((await response.json()).error.code, -32601, method);
  }
  await refused(await post('/rpc/1', { jsonrpc: '2.0', id: 1, method: 'eth_chainId' }), 404, 'unknown_chain');
});

test('a second marketplace on a busy port says which flag to change', async () => {
  const { execFile } = await import('node:child_process');
  const child = await new Promise((done) => {
    execFile('../dev', ['up', '--detach', '--fast', '--data', `${market.data}-2`, '--port', String(market.port)],
      (failure, stdout, stderr) => done({ code: failure?.code, text: stdout + stderr }));
  });
  assert.notEqual(child.code, 0);
  assert.match(child.text, /--port/);
});
