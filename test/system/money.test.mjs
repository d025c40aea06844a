// Where is my money? For buyer, provider and payee at every step of a channel's life, to the unit.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createTestClient, http } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import {
  authorizationTypedData, channelIdOf, DEPOSIT_COLLECTOR, depositNonce, refundTypedData,
} from '../../dapp/packages/client/dist/index.js';
import { balance, rowsOf, sum } from './books.mjs';
import { abi, account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
let operator;
before(async () => {
  market = await openMarket();
  operator = (await market.json('/api/relay')).address;
});
after(async () => { await market?.close(); });

const ask = (paying, model = 'stories15m') => paying.fetch(`${market.url}/m/${model}/v1/completions`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model, prompt: 'Once', max_tokens: 8, temperature: 0 }),
});
const of = (index, wanted) => rowsOf(market, account(index).address, wanted);
/** The chain itself, past what the node lets through. */
function chain() {
  const port = fs.readFileSync(path.join(market.data, 'chain/anvil.port'), 'utf8').trim();
  return createTestClient({ mode: 'anvil', chain: market.chain, transport: http(`http://127.0.0.1:${port}`) });
}
/** While it is halted, transactions wait: blocks come by `mine` alone. */
const halt = (test) => test.setIntervalMining({ interval: 0 });
async function resume(test) {
  await test.setAutomine(true);
  await test.mine({ blocks: 1 });
}
async function until(probe) {
  for (;;) {
    const found = await probe();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 20));
  }
}
const post = (route, body) => market.json(route, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
});

/** Asks for all of a session's rest, by the wallet's signature. */
async function leave(index) {
  const [{ channel }] = await of(index, { state: 'refundable' });
  const refundRequest = {
    channelId: channel.channelId, amount: 0n, nonce: BigInt(channel.refundNonce), validBefore: 4_000_000_000n,
  };
  const signature = await account(index).signTypedData(refundTypedData(market.chain.id, refundRequest));
  return post('/api/relay', {
    kind: 'exit', signature,
    refundRequest: { ...refundRequest, amount: '0', nonce: channel.refundNonce, validBefore: '4000000000' },
  });
}

test('before anything is paid, everything is in wallets', async () => {
  const rows = await balance(market, 'at the start');
  assert.deepEqual([...new Set(rows.map(({ kind }) => kind))], ['wallet']);
});

test('a deposit and a call: what is left, and what is charged and not claimed, on both sides', async () => {
  assert.equal((await ask(payingFetch(market, account(1)))).status, 200);
  await balance(market, 'after a call');
  // What put it there is known when the node has followed the chain to its block.
  const [rest] = await until(async () => (await of(1, { state: 'refundable' }))[0]?.transaction && of(1, { state: 'refundable' }));
  const [charged] = await of(1, { kind: 'channel', state: 'charged' });
  assert.equal(BigInt(rest.amount) + BigInt(charged.amount), 1_000_000n);
  const [earned] = await rowsOf(market, operator, { id: charged.id });
  assert.deepEqual([earned.amount, earned.side, earned.state], [charged.amount, 'provider', 'charged']);
  const deposit = await market.client.getTransactionReceipt({ hash: rest.transaction });
  assert.ok(deposit.logs.some(({ topics }) => topics[1] === rest.channel.channelId), 'the deposit is another one');
  const payees = (await market.json('/api/models/stories15m')).services[0].payees;
  assert.ok(payees.length > 1);
  assert.ok(sum(await rowsOf(market, account(7).address, { side: 'payee', state: 'charged' })) > 0n,
    'the creator does not see what comes');
});

test('claimed and paid out: in the splits, until their payees draw it', async () => {
  await market.cli('claim');
  await balance(market, 'after the claim');
  assert.equal(sum(await of(1, { state: 'charged' })), 0n);
  assert.equal(sum(await rowsOf(market, operator, { state: 'charged' })), 0n);
  const dues = await until(async () => {
    const found = await rowsOf(market, operator, { kind: 'split', state: 'claimable' });
    return found.every(({ transaction }) => transaction) && found;
  });
  assert.ok(dues.length > 1);
  for (const due of dues) {
    const { logs } = await market.client.getTransactionReceipt({ hash: due.transaction });
    assert.ok(logs.length > 0);
  }
  const { split: { split, payee } } = dues[0];
  const hash = await market.wallet(9).writeContract({
    address: split, abi: abi('Split'), functionName: 'claim', args: [market.token.address, payee],
  });
  await market.client.waitForTransactionReceipt({ hash });
  const drawn = await balance(market, 'after a payee was paid');
  assert.ok(!drawn.some(({ id }) => id === dues[0].id));
});

test('a session of a second buyer, ended by its wallet', async () => {
  assert.equal((await ask(payingFetch(market, account(2)))).status, 200);
  await balance(market, 'with two sessions');
  await leave(2);
  await balance(market, 'after the refund');
  assert.equal(sum(await of(2, { kind: 'channel' })), 0n);
});

test('money whose transaction is in no block yet is shown as on its way', async () => {
  const { services: [service] } = await market.json('/api/models/stories15m');
  const config = {
    payer: account(3).address, payerAuthorizer: privateKeyToAccount(generatePrivateKey()).address,
    receiver: service.receiver, receiverAuthorizer: service.receiverAuthorizer, token: market.token.address,
    withdrawDelay: 3600, salt: `0x${'07'.repeat(32)}`,
  };
  const channelId = channelIdOf(market.chain.id, config);
  const before = sum(await of(3, { kind: 'wallet' }));
  const signature = await account(3).signTypedData(authorizationTypedData(market.chain.id, market.token, {
    from: account(3).address, to: DEPOSIT_COLLECTOR, value: 500_000n, validAfter: 0n, validBefore: 4_000_000_000n,
    nonce: depositNonce(channelId, 1n),
  }));
  const test = chain();
  await halt(test);
  try {
    const relayed = post('/api/relay', {
      kind: 'deposit', channelConfig: config,
      deposit: { amount: '500000', authorization: { erc3009Authorization: { validAfter: '0', validBefore: '4000000000', salt: '1', signature } } },
    });
    const [sent] = await until(async () => {
      const rows = await of(3, { state: 'transit' });
      return rows.length > 0 && rows;
    });
    await balance(market, 'while a deposit is on its way');
    assert.deepEqual([sent.amount, sent.where, sent.transit.action, sent.transit.channelId],
      ['500000', account(3).address, 'deposit', channelId]);
    assert.equal(sum(await of(3, { kind: 'wallet' })), before - 500_000n);
    await test.mine({ blocks: 1 });
    assert.equal((await relayed).transaction, sent.transaction);
  } finally {
    await resume(test);
  }
  await balance(market, 'after it has arrived');
  assert.deepEqual(await of(3, { state: 'transit' }), []);
  assert.equal(sum(await of(3, { state: 'refundable' })), 500_000n);
});

test('a claim on its way is in neither place twice', async () => {
  assert.equal((await ask(payingFetch(market, account(4)))).status, 200);
  const [charged] = await of(4, { state: 'charged' });
  const test = chain();
  await halt(test);
  let claiming;
  try {
    claiming = market.cli('claim');
    await until(async () => (await of(4, { state: 'transit' })).length > 0);
    await balance(market, 'while a claim is on its way');
    const [claim] = await of(4, { state: 'transit' });
    assert.deepEqual([claim.amount, claim.transit.action, claim.where],
      [charged.amount, 'claim', market.contracts.Channels]);
    assert.equal(sum(await of(4, { state: 'charged' })), 0n);
    assert.equal(sum(await rowsOf(market, operator, { id: claim.id })), BigInt(charged.amount));
    await test.mine({ blocks: 1 });
    await until(async () => (await rowsOf(market, operator, { kind: 'receiver', state: 'transit' })).length > 0);
    await balance(market, 'while what was claimed is being paid out');
  } finally {
    await resume(test);
  }
  await claiming;
  await balance(market, 'after it was paid out');
  assert.deepEqual(await rowsOf(market, operator, { state: 'transit' }), []);
});

test('a refund on its way, with the claim before it, is in neither place twice', async () => {
  const paying = payingFetch(market, account(5));
  for (let call = 0; call < 2; call++) assert.equal((await ask(paying)).status, 200);
  const [rest] = await of(5, { state: 'refundable' });
  const [charged] = await of(5, { state: 'charged' });
  const held = sum(await of(5, { kind: 'wallet' }));
  const test = chain();
  await halt(test);
  let leaving;
  try {
    leaving = leave(5);
    const sent = await until(async () => {
      const rows = await of(5, { state: 'transit' });
      return rows.length > 1 && rows;
    });
    await balance(market, 'while a refund is on its way');
    const sentFor = (action) => sent.find(({ transit }) => transit.action === action);
    const refund = sentFor('refund');
    assert.deepEqual([refund.amount, refund.where, refund.transit.channelId],
      [rest.amount, market.contracts.Channels, rest.channel.channelId]);
    assert.equal(refund.transit.to, account(5).address);
    assert.equal(sentFor('claim').amount, charged.amount);
    assert.equal(sentFor('claim').transaction, refund.transaction, 'one transaction does both');
    assert.equal(sum(await of(5, { state: 'refundable' })), 0n);
    assert.equal(sum(await of(5, { kind: 'wallet' })), held, 'it is not in the wallet yet');
    await test.mine({ blocks: 1 });
    assert.equal((await leaving).transaction, refund.transaction);
  } finally {
    await resume(test);
  }
  await balance(market, 'after the refund has arrived');
  assert.equal(sum(await of(5, { kind: 'wallet' })), held + BigInt(rest.amount));
  assert.deepEqual(await of(5, { kind: 'channel' }), []);
  await market.cli('claim');
});

test('stoa explain says in words what a session, a transaction and a call came to', async () => {
  const [{ channel, transaction }] = await of(1, { state: 'refundable' });
  const session = await market.cli('explain', channel.channelId, '--address', account(1).address);
  assert.equal(session.kind, 'channel');
  assert.deepEqual([session.balance, session.claimed], [channel.balance, channel.claimed]);
  assert.ok(session.money.length > 0);
  assert.match(session.says.join('\n'), /stoa session close/);

  const paidIn = await market.cli('explain', transaction);
  assert.deepEqual([paidIn.kind, paidIn.state], ['transaction', 'included']);
  assert.match(paidIn.says.join('\n'), new RegExp(`1\\.00 TestUSD was paid into channel ${channel.channelId}`));

  const response = await ask(payingFetch(market, account(6), { deposit: '500000' }));
  const call = await market.cli('explain', response.headers.get('stoa-receipt'));
  assert.deepEqual([call.kind, call.signedByNode], ['call', true]);
  const [mine] = await of(6, { state: 'refundable' });
  assert.equal(call.receipt.receipt.channelId, mine.channel.channelId);
  await assert.rejects(market.cli('explain', `0x${'ab'.repeat(32)}`), /unknown_id/);
});

test('a payer who asks the contract for its money: until when, and by which transaction', async () => {
  const [{ channel, amount }] = await of(1, { state: 'refundable' });
  const half = BigInt(amount) / 2n;
  const hash = await market.wallet(1).writeContract({
    address: market.contracts.Channels, abi: abi('Channels'), functionName: 'initiateWithdraw',
    args: [channel.config, half],
  });
  const { blockNumber } = await market.client.waitForTransactionReceipt({ hash });
  await until(async () => (await of(1, { state: 'withdrawing' }))[0]?.transaction);
  await balance(market, 'while a payer leaves');
  const [leaving] = await of(1, { state: 'withdrawing' });
  const { timestamp } = await market.client.getBlock({ blockNumber });
  assert.deepEqual([leaving.amount, leaving.transaction, leaving.until],
    [String(half), hash, Number(timestamp) + channel.config.withdrawDelay]);
  // From here on the chain is an hour ahead of everybody's signatures.
  const test = chain();
  await test.increaseTime({ seconds: channel.config.withdrawDelay });
  await test.mine({ blocks: 1 });
  const taken = await market.wallet(1).writeContract({
    address: market.contracts.Channels, abi: abi('Channels'), functionName: 'finalizeWithdraw', args: [channel.config],
  });
  await market.client.waitForTransactionReceipt({ hash: taken });
  await balance(market, 'after the payer took its half');
  assert.equal(sum(await of(1, { state: 'refundable' })), BigInt(amount) - half);
});

test('the node is killed and comes back with the same books', async () => {
  const look = async () => (await balance(market, 'around a kill')).map(({ id, amount }) => `${id} ${amount}`).sort();
  const before = await look();
  await market.kill();
  await market.up();
  assert.deepEqual(await look(), before);
});

test('the table has one row an item, in columns that stay', async () => {
  for (const address of [account(3).address, account(7).address, operator]) {
    const { items } = await market.json(`/api/money?address=${address}`);
    const response = await fetch(`${market.url}/api/money?address=${address}&format=csv`);
    const lines = (await response.text()).trimEnd().split('\r\n');
    assert.equal(lines[0], 'id,side,kind,state,token,symbol,decimals,amount,where,part_of,until,transaction,why,how');
    assert.equal(lines.length, items.length + 1);
    for (const [index, item] of items.entries()) {
      assert.ok(lines[index + 1].startsWith(`${item.id},${item.side},${item.kind},${item.state},${item.token},"TestUSD",6,${item.amount},${item.where},`),
        lines[index + 1]);
    }
  }
});
