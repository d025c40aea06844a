// A node is killed, or hangs; its payer leaves on chain, and the watcher brings in all that was earned, once.
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

/** How often the watcher has claimed. */
const claims = () => log().match(/claimed from a payer/g)?.length ?? 0;
const claimed = (channelId) => chain().read.getContractEvents({
  ...Channels(), eventName: 'Claimed', args: { channelId }, fromBlock: 0n,
});

async function until(probe) {
  for (;;) {
    const found = await probe();
    if (found) return found;
    await new Promise((next) => { setTimeout(next, 50); });
  }
}

/** While it does, the node of this process hangs, as one whose disk or machine does. */
async function hanging(work) {
  const pid = market.pid();
  process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Of the payer, as the node sees it: what is earned and not yet claimed, or on its way. */
async function open(payer, channelId) {
  const { items } = await market.json(`/api/money?address=${payer.address}`);
  return items.filter((item) => (item.channel?.channelId ?? item.transit?.channelId) === channelId &&
    ['charged', 'transit'].includes(item.state));
}

/** From the account whose transactions the watcher sends, too. */
async function nodeSends(index) {
  const { transaction } = await market.json('/api/faucet', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: account(index).address }),
  });
  assert.equal((await market.client.waitForTransactionReceipt({ hash: transaction })).status, 'success');
}

test('while the node lives, the watcher leaves a payer who leaves to it', async () => {
  watcher = watch();
  const [service] = (await market.json('/api/models/stories15m')).services;
  const { config, charged } = await pay(account(3));
  await send(3, 'initiateWithdraw', [config, 500_000n]);
  await untilPaidOut(service.receiver, BigInt(charged));
  assert.doesNotMatch(log(), /claimed from a payer/);
});

test('a payer leaves while the node hangs: the watcher claims, and nobody claims again', async () => {
  const payer = account(5);
  const { config, charged, channelId } = await pay(payer);
  const [service] = (await market.json('/api/models/stories15m')).services;
  const total = (await earned(service.receiver))[0] + BigInt(charged);
  await hanging(async () => {
    await send(5, 'initiateWithdraw', [config, 500_000n]);
    await untilPaidOut(service.receiver, total);
  });
  assert.equal(claims(), 1);
  await nodeSends(7);
  await until(async () => (await open(payer, channelId)).length === 0);
  assert.deepEqual((await claimed(channelId)).map(({ args }) => args.claimAmount), [BigInt(charged)]);
});

test('node and watcher take one nonce for one claim: one is included, and the node goes on after it', async () => {
  const payer = account(6);
  const { config, charged, channelId } = await pay(payer);
  const [service] = (await market.json('/api/models/stories15m')).services;
  const total = (await earned(service.receiver))[0] + BigInt(charged);
  const { address: operator } = await market.json('/api/relay');
  const displaced = () => fs.readFileSync(path.join(market.data, 'log/stoad.log'), 'utf8').split('lost its nonce').length;
  const before = displaced();
  const { read, clock, wallet } = chain();
  await clock.setIntervalMining({ interval: 0 });
  await wallet(6).writeContract({ ...Channels(), functionName: 'initiateWithdraw', args: [config, 500_000n] });
  await clock.mine({ blocks: 1 });
  const ours = await until(async () => {
    const { pending } = await clock.getTxpoolContent();
    return Object.values(Object.entries(pending).find(([who]) => who.toLowerCase() === operator.toLowerCase())?.[1] ?? {})[0];
  });
  await hanging(async () => {
    await clock.dropTransaction({ hash: ours.hash });
    await clock.setAutomine(true);
    await clock.mine({ blocks: 1 });
    await untilPaidOut(service.receiver, total);
  });
  assert.equal(claims(), 2);
  const [{ transactionHash, args }] = await claimed(channelId);
  assert.equal(args.claimAmount, BigInt(charged));
  assert.equal((await read.getTransaction({ hash: transactionHash })).nonce, Number(ours.nonce));
  await until(() => displaced() > before);
  await nodeSends(8);
  await until(async () => (await open(payer, channelId)).length === 0);
  assert.equal((await claimed(channelId)).length, 1, 'it is claimed once');
  assert.deepEqual(await earned(service.receiver), [total, total]);
  assert.equal(await read.getTransactionCount({ address: operator, blockTag: 'pending' }),
    await read.getTransactionCount({ address: operator }));
});

test('a payer leaves while the node is dead: the watcher claims first, and the node goes on from there', async () => {
  const payer = account(1);
  const { config, charged, channelId } = await pay(payer);
  const [service] = (await market.json('/api/models/stories15m')).services;
  const held = await market.balance(payer.address);

  await market.kill();
  const { read, clock } = chain();
  const [earlier, paid] = await earned(service.receiver);
  assert.equal(earlier, paid);
  await send(1, 'initiateWithdraw', [config, 500_000n]);
  await untilPaidOut(service.receiver, earlier + BigInt(charged));
  assert.equal(claims(), 3);
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
  await nodeSends(2);
});
