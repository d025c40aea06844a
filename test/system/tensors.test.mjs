// A tensor model by the Open Inference Protocol: described for free, asked for money, right in its numbers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const MODEL = '/v2/models/silero_vad';
const tensor = (name, datatype, shape, data) => ({ name, datatype, shape, data });
const zeros = (size) => Array(size).fill(0);
/** 32 ms at 16 kHz, of a model that tells speech from silence. */
const ask = (samples) => ({
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    id: 'first',
    inputs: [
      tensor('input', 'FP32', [1, 576], samples),
      tensor('state', 'FP32', [2, 1, 128], zeros(256)),
      tensor('sr', 'INT64', [], [16000]),
    ],
  }),
});
const charged = async () => (await market.json(`/api/money?address=${account(2).address}`)).items
  .filter(({ kind }) => kind === 'channel').map(({ channel }) => BigInt(channel.charged))[0];

test('what the model takes and gives can be read without paying', async () => {
  assert.deepEqual(await market.json('/v2/health/live'), { live: true });
  assert.deepEqual(await market.json('/v2/health/ready'), { ready: true });
  assert.deepEqual(await market.json(`${MODEL}/ready`), { name: 'silero_vad', ready: true });
  const model = await market.json(MODEL);
  assert.deepEqual([model.name, model.versions], ['silero_vad', ['1']]);
  assert.deepEqual(model.inputs.map(({ name, datatype }) => `${name} ${datatype}`).sort(),
    ['input FP32', 'sr INT64', 'state FP32']);
  assert.deepEqual(model.outputs.map(({ name }) => name).sort(), ['output', 'stateN']);
});

test('a call is told its price first, and costs exactly that', async () => {
  const unpaid = await fetch(market.url + `${MODEL}/infer`, ask(zeros(576)));
  assert.equal(unpaid.status, 402);
  const required = JSON.parse(atob(unpaid.headers.get('payment-required')));
  assert.deepEqual(required.accepts.map(({ scheme, amount }) => [scheme, amount]),
    [['batch-settlement', '100'], ['exact', '100']]);
  assert.equal(required.resource.url, `${market.url}${MODEL}/infer`);

  const paying = payingFetch(market, account(2));
  const answer = await paying.fetch(market.url + `${MODEL}/infer`, ask(zeros(576)));
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  assert.deepEqual([body.id, body.model_name], ['first', 'silero_vad']);
  const { output, stateN } = Object.fromEntries(body.outputs.map((each) => [each.name, each]));
  assert.deepEqual([output.datatype, output.shape, stateN.shape], ['FP32', [1, 1], [2, 1, 128]]);
  assert.ok(output.data[0] > 0 && output.data[0] < 0.05, `silence is speech by ${output.data[0]}`);
  assert.equal(stateN.data.length, 256);
  assert.equal(await charged(), 100n);
});

test('inputs that the model does not have are refused before they are paid', async () => {
  const wrong = ask(zeros(576));
  wrong.body = wrong.body.replace('"sr"', '"rate"');
  const response = await fetch(market.url + `${MODEL}/infer`, wrong);
  const problem = await response.json();
  assert.deepEqual([response.status, problem.code], [400, 'invalid_field']);
  assert.equal(typeof problem.error, 'string');
  assert.ok(problem.fix.length > 10);
  const text = await fetch(`${market.url}/v2/models/stories15m/infer`, ask(zeros(576)));
  assert.deepEqual([text.status, (await text.json()).code], [400, 'not_offered']);
  const none = await fetch(`${market.url}/v2/models/nobody/infer`, ask(zeros(576)));
  assert.deepEqual([none.status, (await none.json()).code], [404, 'unknown_model']);
});

test('a page of another origin can pay, and do nothing personal', async () => {
  const preflight = (route) => fetch(market.url + route, {
    method: 'OPTIONS',
    headers: { origin: 'https://other.example', 'access-control-request-method': 'POST' },
  });
  for (const route of ['/v1/completions', '/m/stories15m/v1/completions', `${MODEL}/infer`, '/x402/verify', '/x402/voucher', '/api/quote']) {
    const response = await preflight(route);
    assert.equal(response.status, 204, route);
    assert.equal(response.headers.get('access-control-allow-origin'), '*', route);
  }
  for (const route of ['/api/auth/verify', '/api/relay', '/api/faucet']) {
    const response = await preflight(route);
    assert.equal(response.status, 403, route);
    assert.equal(response.headers.get('access-control-allow-origin'), null, route);
  }
  const unpaid = await fetch(market.url + `${MODEL}/infer`, ask(zeros(576)));
  assert.match(unpaid.headers.get('access-control-expose-headers'), /PAYMENT-REQUIRED/);
});
