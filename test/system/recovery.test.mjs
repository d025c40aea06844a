// Both keys of a node are lost; what it earned is not: the provider's wallet claims by the vouchers in the ledger.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { abi, account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

const stoad = path.resolve(import.meta.dirname, '../../build/release/bin/stoad');
const provider = account(6);
let market;
let node;
before(async () => { market = await openMarket(); });
after(async () => {
  node?.kill('SIGKILL');
  await market?.close();
});

const until = async (probe) => {
  for (;;) {
    const found = await probe().catch(() => null);
    if (found) return found;
    await new Promise((next) => setTimeout(next, 20));
  }
};
const service = async () => (await market.json('/api/models/stories15m')).services
  .find(({ payees }) => payees.some((payee) => payee.account === provider.address));

test('the provider\'s wallet has all of it, without the node and its keys', async () => {
  await market.down();
  const config = path.join(market.data, 'paid-out.toml');
  fs.writeFileSync(config, `payout = "${provider.address}"\n${fs.readFileSync(path.join(market.data, 'stoa.toml'), 'utf8')}`);
  const options = ['--config', config, '--data', market.data, '--port', String(market.port)];
  node = spawn(stoad, options, { stdio: 'ignore' });
  const { receiver, payees } = await until(service);
  const call = (send) => send(`${market.url}/m/stories15m/v1/completions`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 8, temperature: 0 }),
  });
  const payTo = async () => {
    const required = (await call(fetch)).headers.get('payment-required');
    return JSON.parse(atob(required)).accepts[0].payTo;
  };
  await until(async () => await payTo() === receiver);
  assert.equal((await call(payingFetch(market, account(5)).fetch)).status, 200);
  const { items } = await market.json(`/api/money?address=${account(5).address}`);
  const charged = BigInt(items.find(({ kind, state }) => kind === 'channel' && state === 'charged').amount);

  // The machine burns; its disk's ledger is all that is left.
  const gone = new Promise((done) => node.once('close', done));
  node.kill('SIGKILL');
  await gone;
  node = undefined;
  fs.rmSync(path.join(market.data, 'keys'), { recursive: true });
  const port = fs.readFileSync(path.join(market.data, 'chain/anvil.port'), 'utf8').trim();
  market.useChain(`http://127.0.0.1:${port}`);

  const { calls } = JSON.parse(execFileSync(stoad, [...options, '--recover'], { encoding: 'utf8' }));
  const ours = calls.filter(({ to, what }) => to === receiver || what.startsWith('settle'));
  assert.equal(ours.find(({ to }) => to === receiver).amount, String(charged));
  for (const { to, data } of ours) {
    const hash = await market.wallet(6).sendTransaction({ to, data });
    assert.equal((await market.client.waitForTransactionReceipt({ hash })).status, 'success');
  }
  assert.equal(await market.balance(receiver), charged);
  const before = await market.balance(provider.address);
  const { share } = payees.find((payee) => payee.account === provider.address);
  const hash = await market.wallet(6).writeContract({
    address: receiver, abi: abi('Split'), functionName: 'claim', args: [market.token.address, provider.address],
  });
  await market.client.waitForTransactionReceipt({ hash });
  assert.equal(await market.balance(provider.address), before + charged * BigInt(share) / 1_000_000n);
});
