// The command line's purse: one signature of a wallet for every model, and for an agent that has none.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';

const mnemonic = path.join(import.meta.dirname, '../vectors/anvil.mnemonic');
const buyer = account(4);

let market;
before(async () => {
  market = await openMarket();
  await market.cli('key', 'import', 'buyer', '--mnemonic-file', mnemonic, '--index', '4');
});
after(async () => { await market?.close(); });

const purse = () => market.json(`/api/purse?owner=${buyer.address}&token=${market.token.address}`);
const free = async () => (await market.json(`/api/relay?payer=${buyer.address}`)).free;
const story = (folder, ...more) =>
  market.cliIn(folder, 'chat', 'stories15m', 'Once upon a time', '--max-tokens', '16', ...more);
const embed = (folder, ...more) => market.cliIn(folder, 'embed', 'minilm', 'A man is eating food.', ...more);
const spent = (...answers) => answers.reduce((sum, { charged }) => sum + BigInt(charged), 0n);

test('one signature of the wallet pays two models, and an exit brings the rest home to the unit', async () => {
  const before = await market.balance(buyer.address);
  const filled = await market.cli('purse', 'fund', '2.00');
  assert.deepEqual([filled.owner, filled.balance, filled.spendable], [buyer.address, '2000000', '2000000']);
  const told = await story('cli');
  assert.match(told.text, /Lily|time|day/);
  const embedded = await embed('cli');
  assert.equal(embedded.embedding.length, 384);
  const again = await story('cli');
  const charged = spent(told, embedded, again);
  assert.ok(charged > 0n);

  const shown = await market.cli('purse', 'status');
  assert.deepEqual([shown.balance, (await purse()).nonce], ['1125000', 1]);
  const { items } = await market.cli('session', 'status');
  assert.deepEqual(items.map((item) => item.model).sort(), ['minilm', 'stories15m']);
  assert.equal(await free(), 17);

  const left = await market.cli('purse', 'exit');
  assert.deepEqual([BigInt(left.amount), left.waiting], [2_000_000n - charged, 0]);
  assert.equal(await market.balance(buyer.address), before - charged);
  assert.deepEqual(await market.cli('purse', 'exit'), left);
  assert.equal(await free(), 15);
  await assert.rejects(story('cli'), /session_used_up|no_session/);
});

test('a session takes its part of the purse, the next model another, and a channel is used again after its end', async () => {
  const opened = await market.cli('session', 'open', 'stories15m', '--deposit', '1.00');
  const { purse: address, nonce } = await purse();
  assert.equal(opened.purse, address);
  await market.cli('session', 'open', 'minilm', '--deposit', '1.00');
  assert.equal((await purse()).nonce, nonce);
  assert.equal((await purse()).balance, '500000');
  const embedded = await embed('cli');
  const { closed } = await market.cli('session', 'close', 'minilm');
  assert.equal(BigInt(closed[0].refunded), 250_000n - BigInt(embedded.charged));
  assert.equal(BigInt((await purse()).balance), 750_000n - BigInt(embedded.charged));
  assert.ok(BigInt((await embed('cli')).charged) > 0n);
  assert.equal((await purse()).nonce, nonce);
});

test('an agent without a wallet pays within the limits that the owner signed for its key', async () => {
  const owner = ['--owner', buyer.address];
  const { sessionKey, policy } = await market.cliIn('agent', 'purse', 'status', ...owner);
  assert.equal(policy.valid, false);
  await assert.rejects(embed('agent', ...owner), /purse fund/);
  const limits = ['--session-key', sessionKey, '--per-day', '0.30', '--only', 'minilm', '--days', '1'];
  await market.cli('purse', 'fund', '1.00', ...limits);
  await assert.rejects(story('agent', ...owner), /ServiceNotAllowed/);
  assert.equal((await embed('agent', ...owner)).embedding.length, 384);
  const { policy: used } = await market.cliIn('agent', 'purse', 'status', ...owner);
  assert.deepEqual([used.capPerDay, used.leftToday], ['300000', '0']);

  await market.cli('purse', 'revoke', sessionKey);
  assert.equal((await market.cliIn('agent', 'purse', 'status', ...owner)).policy.valid, false);
  assert.equal((await market.cli('purse', 'status')).policy.valid, true);
});

test('calls of two models at once go through one proxy, which asks the wallet once', async () => {
  await market.cli('purse', 'exit');
  const { nonce } = await purse();
  const proxy = await market.background('proxy', '--budget', '3.00');
  try {
    const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key } = proxy.said;
    const call = async (route, body) => {
      const response = await fetch(`${url}/${route}`, {
        method: 'POST', body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      });
      assert.equal(response.status, 200, await response.clone().text());
      return response.json();
    };
    const answers = await Promise.all([
      call('completions', { model: 'stories15m', prompt: 'Once upon a time', max_tokens: 8 }),
      call('embeddings', { model: 'minilm', input: 'food' }),
      call('completions', { model: 'stories15m', prompt: 'Once upon a time', max_tokens: 8 }),
    ]);
    assert.equal(answers.length, 3);
    assert.equal((await purse()).nonce, nonce + 1);
  } finally {
    proxy.close();
  }
});

test('calls of one model at once go through one proxy on several lanes, and their books equal the chain', async () => {
  const cli = (...args) => market.cliIn('busy', ...args);
  await cli('key', 'import', 'busy', '--mnemonic-file', mnemonic, '--index', '3');
  const { address } = account(3);
  const before = await market.balance(address);
  await cli('purse', 'fund', '4.00');
  const proxy = await market.backgroundIn('busy', 'proxy', '--budget', '4.00');
  try {
    const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key } = proxy.said;
    const answers = await Promise.all(Array.from({ length: 8 }, async () => {
      const response = await fetch(`${url}/completions`, {
        method: 'POST', body: JSON.stringify({ model: 'stories15m', prompt: 'Once upon a time', max_tokens: 64, temperature: 0 }),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      });
      assert.equal(response.status, 200, await response.clone().text());
      return (await response.json()).choices[0].text;
    }));
    assert.equal(new Set(answers).size, 1);
  } finally {
    proxy.close();
  }
  const { items } = await cli('session', 'status');
  assert.deepEqual(items.map(({ lane }) => lane).sort(), [0, 1, 2, 3].slice(0, items.length));
  assert.ok(items.length > 1);
  const charged = items.reduce((sum, item) => sum + BigInt(item.charged), 0n);
  // The policy was signed once, and the proxy asked for nothing more.
  assert.equal((await market.json(`/api/purse?owner=${address}&token=${market.token.address}`)).nonce, 1);
  const left = await cli('purse', 'exit');
  assert.deepEqual([BigInt(left.amount), left.waiting], [4_000_000n - charged, 0]);
  assert.equal(await market.balance(address), before - charged);
});

test('an exit waits for the call that runs, which is paid, and nothing is lost on either side', async () => {
  const cli = (...args) => market.cliIn('hasty', ...args);
  await cli('key', 'import', 'hasty', '--mnemonic-file', mnemonic, '--index', '2');
  const { address } = account(2);
  const before = await market.balance(address);
  await cli('purse', 'fund', '1.00');
  await story('hasty');
  fs.cpSync(path.join(market.data, 'hasty'), path.join(market.data, 'elsewhere'), { recursive: true });
  const { stdout } = market.talk('hasty', 'chat', 'stories15m', 'Once upon a time', '--max-tokens', '200');
  let text = '';
  await new Promise((heard) => stdout.on('data', (piece) => { text += piece; heard(); }));
  let left = await cli('purse', 'exit');
  while (left.waiting) left = await cli('purse', 'exit');
  assert.ok(text.length > 0);
  const charged = 1_000_000n - BigInt(left.amount);
  assert.ok(charged > 0n);
  assert.equal(await market.balance(address), before - charged);
  const { items } = await market.json(`/api/money?address=${address}`);
  assert.deepEqual(items.filter((item) => item.state === 'refundable' && item.amount !== '0'), []);

  // Another program of the wallet still believes that its session holds money.
  await market.cliIn('elsewhere', 'purse', 'fund', '1.00');
  assert.ok(BigInt((await story('elsewhere')).charged) > 0n);
});

test('where the user wants no purse, the wallet signs for one model and gets its rest back', async () => {
  const cli = (...args) => market.cliIn('plain', ...args);
  await cli('key', 'import', 'plain', '--mnemonic-file', mnemonic, '--index', '1');
  const before = await market.balance(account(1).address);
  const opened = await cli('session', 'open', 'minilm', '--deposit', '0.50', '--no-purse');
  assert.deepEqual([opened.purse, opened.balance], [null, '500000']);
  const embedded = await embed('plain');
  const { closed } = await cli('session', 'close');
  assert.equal(BigInt(closed[0].refunded), 500_000n - BigInt(embedded.charged));
  assert.equal(await market.balance(account(1).address), before - BigInt(embedded.charged));
  await assert.rejects(cli('purse', 'exit'), /no_purse/);
});
