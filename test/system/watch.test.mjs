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

const Channels = () => ({ address: market.contracts.Channels, abi: abi('Channels') });
const log = () => fs.readFileSync(path.join(market.data, 'watch.log'), 'utf8');

/** Three calls of one payer: its channel, and where its money goes. */
async function pay(payer) {
  const paying = payingFetch(market, payer, { deposit: '500000' });
  for (let call = 0; call < 3; call++) assert.equal((await ask(paying)).status, 200);
  const { items } = await market.json(`/api/money?address=${payer.address}`);
  const { channel } = items.find(({ kind, state }) => kind === 'channel' && state === 'refundable');
  assert.ok(BigInt(channel.charged) > 0n);
  return { ...channel, config: { ...channel.config, withdrawDelay: Number(channel.config.withdrawDelay) } };
}

async function send(index, functionName, args) {
  const { read, wallet } = chain();
  const hash = await wallet(index).writeContract({ ...Channels(), functionName, args });
  const { status } = await read.waitForTransactionReceipt({ hash });
  assert.equal(status, 'success');
}

/** What all channels have brought the service: claimed, and paid out. */
const earned = (receiver) => chain().read.readContract({
  ...Channels(), functionName: 'receivers', args: [receiver, market.token.address],
});

async function untilPaidOut(receiver, total) {
  while ((await earned(receiver))[1] < total) {
    assert.equal(watcher.exitCode, null, log());
    await new Promise((next) => { setTimeout(next, 100); });
  }
  assert.deepEqual(await earned(receiver), [total, total]);
}

let earlier;

test('while the node lives, the watcher leaves a payer who leaves to it', async () => {
  watcher = watch();
  const [service] = (await market.json('/api/models/stories15m')).services;
  const { config, charged } = await pay(account(3));
  await send(3, 'initiateWithdraw', [config, 500_000n]);
  await untilPaidOut(service.receiver, BigInt(charged));
  assert.doesNotMatch(log(), /claimed from a payer/);
  earlier = BigInt(charged);
});

test('a payer leaves while the node is dead: the watcher claims first, and the node goes on from there', async () => {
  const payer = account(1);
  const { config, charged, channelId } = await pay(payer);
  const [service] = (await market.json('/api/models/stories15m')).services;
  const held = await market.balance(payer.address);

  await market.kill();
  const { read, clock } = chain();
  assert.deepEqual(await earned(service.receiver), [earlier, earlier]);
  await send(1, 'initiateWithdraw', [config, 500_000n]);
  await untilPaidOut(service.receiver, earlier + BigInt(charged));
  assert.match(log(), /claimed from a payer/);
  const tokens = (who) => read.readContract({
    address: market.token.address, abi: abi('TestUSD'), functionName: 'balanceOf', args: [who],
  });
  assert.equal(await tokens(service.receiver), earlier + BigInt(charged));

  await clock.increaseTime({ seconds: config.withdrawDelay + 1 });
  await clock.mine({ blocks: 1 });
  await send(1, 'finalizeWithdraw', [config]);
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
