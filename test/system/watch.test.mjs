// A node is killed, its payer leaves on chain, and the watcher brings in all that was earned.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createTestClient, createPublicClient, createWalletClient, http } from 'viem';
import { account, abi, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
let watcher;
before(async () => { market = await openMarket(); });
after(async () => {
  if (watcher?.exitCode === null) {
    watcher.kill('SIGTERM');
    await new Promise((done) => { watcher.once('exit', done); });
  }
  await market?.close();
});

const stoad = path.resolve(import.meta.dirname, '../../build/release/bin/stoad');

function watch() {
  const log = fs.openSync(path.join(market.data, 'watch.log'), 'w');
  return spawn(stoad, ['--watch', '--config', path.join(market.data, 'stoa.toml'), '--data', market.data],
    { stdio: ['ignore', log, log] });
}

/** The chain itself: it outlives the node, whose address for it is gone. */
function chain() {
  const port = fs.readFileSync(path.join(market.data, 'chain/anvil.port'), 'utf8').trim();
  const transport = http(`http://127.0.0.1:${port}`);
  const common = { chain: market.chain, transport, pollingInterval: 50 };
  return {
    read: createPublicClient(common), clock: createTestClient({ ...common, mode: 'anvil' }),
    wallet: (index) => createWalletClient({ ...common, account: account(index) }),
  };
}

const ask = (paying) => paying.fetch(`${market.url}/m/stories15m/v1/completions`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 8, temperature: 0 }),
});

test('a payer leaves while the node is dead: the watcher claims first, and the node goes on from there', async () => {
  const payer = account(1);
  const paying = payingFetch(market, payer, { deposit: '500000' });
  for (let call = 0; call < 3; call++) assert.equal((await ask(paying)).status, 200);
  const { items } = await market.json(`/api/money?address=${payer.address}`);
  const { config, charged, channelId } = items.find(({ kind, state }) => kind === 'channel' && state === 'refundable').channel;
  const [service] = (await market.json('/api/models/stories15m')).services;
  const held = await market.balance(payer.address);
  assert.ok(BigInt(charged) > 0n);

  watcher = watch();
  await market.kill();
  const { read, clock, wallet } = chain();
  const Channels = { address: market.contracts.Channels, abi: abi('Channels') };
  const send = async (functionName, args) => {
    const hash = await wallet(1).writeContract({ ...Channels, functionName, args });
    return read.waitForTransactionReceipt({ hash });
  };
  const earned = () => read.readContract({
    ...Channels, functionName: 'receivers', args: [service.receiver, market.token.address],
  });
  assert.deepEqual(await earned(), [0n, 0n]);
  const asked = { ...config, withdrawDelay: Number(config.withdrawDelay) };
  assert.equal((await send('initiateWithdraw', [asked, 500_000n])).status, 'success');

  while ((await earned())[1] === 0n) {
    assert.equal(watcher.exitCode, null, fs.readFileSync(path.join(market.data, 'watch.log'), 'utf8'));
    await new Promise((next) => { setTimeout(next, 100); });
  }
  assert.deepEqual(await earned(), [BigInt(charged), BigInt(charged)]);
  const tokens = (who) => read.readContract({
    address: market.token.address, abi: abi('TestUSD'), functionName: 'balanceOf', args: [who],
  });
  assert.equal(await tokens(service.receiver), BigInt(charged));

  await clock.increaseTime({ seconds: config.withdrawDelay + 1 });
  await clock.mine({ blocks: 1 });
  assert.equal((await send('finalizeWithdraw', [asked])).status, 'success');
  assert.equal(await tokens(payer.address), held + 500_000n - BigInt(charged));

  await market.up();
  const { items: after } = await market.json(`/api/money?address=${payer.address}`);
  const owed = after.filter(({ kind, state, channel }) => kind === 'channel' && state === 'charged' && channel.channelId === channelId);
  assert.deepEqual(owed, [], 'the node knows that all is claimed');
  // From the account whose transactions the watcher has sent meanwhile.
  const { transaction } = await market.json('/api/faucet', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: account(2).address }),
  });
  assert.equal((await market.client.waitForTransactionReceipt({ hash: transaction })).status, 'success');
});
