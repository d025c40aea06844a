// One signature of a wallet pays every model: what the relay carries of purses, on the real node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hashTypedData } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { abi, account, openMarket } from './market.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const POLICY = ['address key', 'address token', 'uint96 cap', 'uint96 capPerDay', 'uint96 capPerService', 'uint40 expires', 'uint256[] services'];
const fields = (...list) => list.map((each) => each.split(' ')).map(([type, name]) => ({ type, name }));
const types = {
  SetPolicy: fields(...POLICY, 'uint256 nonce'),
  Revoke: fields('address key', 'uint256 nonce'),
  Exit: fields('uint256 nonce'),
  Spend: fields('bytes32 channelId', 'uint256 amount', 'uint256 nonce'),
  ReceiveWithAuthorization: fields('address from', 'address to', 'uint256 value', 'uint256 validAfter', 'uint256 validBefore', 'bytes32 nonce'),
};
const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);

/** A wallet's purse as a client drives it, over HTTP alone. */
class Purse {
  constructor(wallet, key = privateKeyToAccount(generatePrivateKey())) {
    Object.assign(this, { wallet, key, token: market.token });
  }

  state() {
    return market.json(`/api/purse?owner=${this.wallet.address}&token=${this.token.address}&key=${this.key.address}`);
  }

  async sign(signer, primaryType, message) {
    const { purse } = await this.state();
    const domain = { name: 'Stoa Purse', version: '1', chainId: market.deployment.chainId, verifyingContract: purse };
    return signer.signTypedData({ domain, types, primaryType, message });
  }

  async policy(value, changes = {}) {
    return { key: this.key.address, token: this.token.address, cap: value, capPerDay: value, capPerService: value,
      expires: now() + 24 * HOUR, services: [], ...changes };
  }

  async funding(value, changes) {
    const { purse, nonce } = await this.state();
    const policy = await this.policy(value, changes);
    const domain = { name: 'Stoa Purse', version: '1', chainId: market.deployment.chainId, verifyingContract: purse };
    const bound = hashTypedData({ domain, types, primaryType: 'SetPolicy', message: { ...policy, nonce } });
    const times = { validAfter: '0', validBefore: String(now() + HOUR) };
    const signature = await this.wallet.signTypedData({
      domain: { name: this.token.name, version: this.token.version, chainId: market.deployment.chainId, verifyingContract: this.token.address },
      types, primaryType: 'ReceiveWithAuthorization',
      message: { from: this.wallet.address, to: purse, value, ...times, nonce: bound },
    });
    return { kind: 'purse_fund', owner: this.wallet.address, policy, funding: { value, ...times, signature } };
  }

  async spend(service, amount, lane = 0) {
    const { purse, key } = await this.state();
    const [receiver, receiverAuthorizer] = await market.read(market.contracts.Services, abi('Services'), 'receiverOf', [BigInt(service)]);
    const channelConfig = { payer: purse, payerAuthorizer: this.key.address, receiver, receiverAuthorizer,
      token: this.token.address, withdrawDelay: HOUR, salt: `0x${String(lane).padStart(64, '0')}` };
    const channelId = await market.read(market.contracts.Channels, abi('Channels'), 'getChannelId', [channelConfig]);
    const signature = await this.sign(this.key, 'Spend', { channelId, amount, nonce: key.spends });
    return { kind: 'deposit', channelConfig,
      deposit: { amount, authorization: { purseSpend: { service, nonce: String(key.spends), signature } } } };
  }

  async exit(nonce) {
    return { kind: 'purse_exit', owner: this.wallet.address, token: this.token.address,
      signature: await this.sign(this.wallet, 'Exit', { nonce }) };
  }
}

const relay = (body) => market.json('/api/relay', {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body, (_, it) => (typeof it === 'bigint' ? it.toString() : it)),
});

async function refusal(body) {
  const response = await fetch(`${market.url}/api/relay`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  return [response.status, (await response.json()).code];
}

const free = async (payer) => (await market.json(`/api/relay?payer=${payer}`)).free;

async function serviceOf(name) {
  const { data } = await market.json('/v1/models');
  return data.find((model) => model.id === name).stoa.service;
}

test('a purse is funded, spent by its key alone, and brought home, each carried once', async () => {
  const it = new Purse(account(5));
  const before = await market.balance(it.wallet.address);
  assert.deepEqual({ ...await it.state(), purse: 0 }, { purse: 0, exists: false, owner: it.wallet.address,
    token: it.token.address, nonce: 0, leaving: false, balance: '0', key: null, channels: [], fee: '0' });

  const funding = await it.funding('2000000');
  const funded = await relay(funding);
  assert.equal(funded.balance, '2000000');
  assert.equal((await relay(funding)).transaction, funded.transaction);
  const { purse, key } = await it.state();
  assert.equal(funded.purse, purse);
  assert.deepEqual([key.left, key.leftToday, key.spends, key.valid], ['2000000', '2000000', 0, true]);

  const first = await it.spend(await serviceOf('stories15m'), '300000');
  const opened = await relay(first);
  assert.equal(opened.balance, '300000');
  assert.equal((await relay(first)).transaction, opened.transaction);
  assert.deepEqual(await refusal({ ...first, deposit: { ...first.deposit, amount: '300001' } }), [422, 'bad_signature']);
  await relay(await it.spend(await serviceOf('minilm'), '200000'));
  const stale = await it.spend(await serviceOf('minilm'), '100000');
  const newer = await relay(await it.spend(await serviceOf('minilm'), '150000'));
  assert.equal(newer.balance, '350000');
  assert.deepEqual(await refusal(stale), [409, 'stale_nonce']);
  const rows = (await it.state()).channels.map(({ key: by, service, lane, balance, claimed }) => [by, service, lane, balance, claimed]);
  assert.deepEqual(rows.sort(), [
    [it.key.address, await serviceOf('stories15m'), 0, '300000', '0'], [it.key.address, await serviceOf('minilm'), 0, '350000', '0'],
  ].sort());
  assert.deepEqual((await new Purse(it.wallet).state()).channels, []);
  assert.equal(await free(it.wallet.address), 16);
  assert.equal(await free(purse), 20);

  const { items, tokens } = await market.json(`/api/money?address=${it.wallet.address}`);
  const [held] = items.filter((item) => item.kind === 'purse');
  assert.deepEqual([held.where, held.amount, held.state], [purse, '1350000', 'refundable']);
  const paid = items.filter((item) => item.kind === 'channel' && item.channel.purse === purse);
  assert.deepEqual(paid.map((item) => item.amount).sort(), ['300000', '350000']);
  assert.ok(paid.every((item) => item.channel.owner === it.wallet.address));
  assert.equal(tokens.find((row) => row.token === it.token.address).refundable, '2000000');

  const exit = await it.exit(1);
  const left = await relay(exit);
  assert.deepEqual([left.amount, left.waiting], ['2000000', []]);
  assert.equal(await market.balance(it.wallet.address), before);
  const again = await relay(exit);
  assert.deepEqual([again.amount, again.transaction], [left.amount, left.transaction]);
  assert.deepEqual(await refusal(await it.spend(await serviceOf('minilm'), '100000')), [422, 'would_revert']);
});

test('one channel comes back into the purse by the owner alone', async () => {
  const it = new Purse(account(6));
  await relay(await it.funding('1000000'));
  const { channelId } = await relay(await it.spend(await serviceOf('minilm'), '400000'));
  const request = { channelId, amount: '0', nonce: '0', validBefore: String(now() + HOUR) };
  const domain = { name: 'Stoa Refund', version: '1', chainId: market.deployment.chainId, verifyingContract: market.contracts.Channels };
  const refund = { RefundRequest: fields('bytes32 channelId', 'uint128 amount', 'uint256 nonce', 'uint256 validBefore') };
  const signed = (signer) => signer.signTypedData({ domain, types: refund, primaryType: 'RefundRequest', message: request });
  const body = async (signer) => ({ kind: 'exit', refundRequest: request, signature: await signed(signer) });
  assert.deepEqual(await refusal(await body(it.key)), [422, 'bad_signature']);
  assert.equal((await relay(await body(it.wallet))).amount, '400000');
  assert.equal((await it.state()).balance, '1000000');

  const revoke = { kind: 'purse_revoke', owner: it.wallet.address, token: it.token.address, key: it.key.address,
    signature: await it.sign(it.wallet, 'Revoke', { key: it.key.address, nonce: 1 }) };
  await relay(revoke);
  const { key, nonce } = await it.state();
  assert.deepEqual([key.valid, nonce], [false, 2]);
  const policy = await it.policy('500000');
  const signature = await it.sign(it.wallet, 'SetPolicy', { ...policy, nonce });
  await relay({ kind: 'purse_policy', owner: it.wallet.address, policy, signature });
  assert.deepEqual([(await it.state()).key.valid, (await it.state()).key.left], [true, '500000']);
  assert.equal((await relay(await it.exit(3))).amount, '1000000');
});

test('a key has four channels with a service, under one limit, and no fifth', async () => {
  const it = new Purse(account(4));
  const before = await market.balance(it.wallet.address);
  const service = await serviceOf('stories15m');
  await relay(await it.funding('1000000', { capPerService: '420000' }));
  for (const lane of [2, 0, 3, 1]) assert.equal((await relay(await it.spend(service, '100000', lane))).balance, '100000');
  const { channels } = await it.state();
  assert.deepEqual(channels.map(({ lane }) => lane), [0, 1, 2, 3]);
  assert.equal(new Set(channels.map(({ channelId }) => channelId)).size, 4);
  const above = await fetch(`${market.url}/api/relay`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(await it.spend(service, '50000', 1)),
  });
  assert.match((await above.json()).detail, /ServiceCapExceeded/);
  assert.deepEqual(await refusal(await it.spend(service, '100000', 4)), [422, 'malformed_order']);
  const { items } = await market.json(`/api/money?address=${it.wallet.address}`);
  assert.deepEqual(items.flatMap(({ channel }) => (channel ? [channel.lane] : [])).sort(), [0, 1, 2, 3]);
  const left = await relay(await it.exit(1));
  assert.deepEqual([left.amount, left.waiting], ['1000000', []]);
  assert.equal(await market.balance(it.wallet.address), before);
});

/** Until `is` holds of what the node says; the node may be gone for a moment. */
async function until(look, is) {
  for (;;) {
    const seen = await look().catch(() => null);
    if (seen && is(seen)) return;
    await new Promise((next) => setImmediate(next));
  }
}

test('an exit is finished by the same request, wherever the node was killed in it', async () => {
  const services = [await serviceOf('stories15m'), await serviceOf('minilm')];
  for (const point of ['begun', 'a channel is back', 'all channels are back']) {
    const it = new Purse(account(3));
    const before = await market.balance(it.wallet.address);
    const { nonce } = await it.state();
    await relay(await it.funding('1000000'));
    const channels = [];
    for (const service of services) channels.push(await relay(await it.spend(service, '200000')));
    channels.push(await relay(await it.spend(services[0], '100000', 1)));
    const exit = await it.exit(nonce + 1);
    const running = relay(exit).catch(() => null);
    const back = async () => {
      const [state, ...held] = await Promise.all([it.state(), ...channels.map(({ channelId }) =>
        market.read(market.contracts.Channels, abi('Channels'), 'channels', [channelId]))]);
      return { leaving: state.leaving, count: held.filter(([balance, claimed]) => balance === claimed).length };
    };
    const least = { begun: 0, 'a channel is back': 1, 'all channels are back': 3 }[point];
    await until(back, ({ leaving, count }) => leaving && count >= least);
    await market.kill();
    await running;
    await market.up();
    const done = await relay(exit);
    assert.deepEqual([done.amount, done.waiting], ['1000000', []], point);
    assert.equal(await market.balance(it.wallet.address), before, point);
    assert.equal((await relay(exit)).transaction, done.transaction);
  }
});
