// A purse on the real contracts: what the page signs is carried as a node would, and nothing else passes.
import { IDBFactory } from 'fake-indexeddb';
import type { Address, Hex } from 'viem';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CHANNELS, collectData, createStoaFetch, encodeHeader, laneOf, purseOf, type ChannelConfig } from '@stoa/client';
import { createApi } from '../../src/lib/api';
import { createDeviceStore } from '../../src/lib/device_store';
import {
  addFromPurse, DEFAULT_LIFE, exitPurse, fundPurse, loadPurse, openFromPurse, otherKeys, revokeKey, setLimits,
} from '../../src/lib/purse';
import { closePurse, finishWithdrawal, leavePurse, startWithdrawal } from '../../src/lib/refund';
import type { ModelTerms } from '../../src/lib/session';
import type { MoneyChannel } from '../../src/lib/types';
import { account, openWorld, type World } from './anvil';

let world: World;
let wallets = 1;
/** The chain's clock is set on by some tests; signatures are dated by it. */
let ahead = 0;
const now = () => Math.floor(Date.now() / 1000) + ahead;
const later = async (seconds: number) => {
  ahead += seconds;
  await world.later(seconds);
};
beforeAll(async () => { world = await openWorld(); }, 60_000);
afterAll(() => world?.close());

/** As a node answers: from the chain, by transactions that it pays for. */
async function answer(url: URL, body: any): Promise<object> {
  const purses = world.at('Purses');
  if (url.pathname === '/api/deployment') return world.deployment;
  if (url.pathname === '/api/models/tiny') return { services: [world.service] };
  if (url.pathname === '/api/money') return { tokens: [], items: [] };
  if (url.pathname === '/api/purse') {
    const [owner, token, key] = ['owner', 'token', 'key'].map((name) => url.searchParams.get(name)) as [Address, Address, Address | null];
    const purse = await world.read<Address>('Purses', purses, 'purseOf', [owner, token]);
    const balance = String(await world.balance(purse));
    const exists = await world.rpc.request({ method: 'eth_getCode', params: [purse, 'latest'] }) !== '0x';
    if (!exists) return { purse, exists, owner, token, nonce: 0, leaving: false, balance, key: null };
    const read = <T>(name: string, args: unknown[] = []) => world.read<T>('Purse', purse, name, args);
    const state = key && await read<Record<string, bigint>>('stateOf', [key]);
    const text = (value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
    return {
      purse, exists, owner, token, nonce: String(await read('nonce')), leaving: await read('leaving'), balance,
      key: state ? { ...Object.fromEntries(Object.entries(state).map(([name, value]) => [name, text(value)])), key, valid: Number(state.expires) > 0 } : null,
    };
  }
  const at = () => world.read<Address>('Purses', purses, 'purseOf', [body.owner, body.token ?? body.policy.token]);
  const done = ({ receipt }: { receipt: { transactionHash: Hex; blockNumber: bigint } }, more: object = {}) =>
    ({ transaction: receipt.transactionHash, block: Number(receipt.blockNumber), ...more });
  switch (body.kind) {
    case 'purse_fund': return done(await world.send(0, 'Purses', purses, 'fund', [body.owner, body.policy, body.funding]));
    case 'purse_policy': return done(await world.send(0, 'Purses', purses, 'setPolicy', [body.owner, body.policy, body.signature]));
    case 'purse_revoke': return done(await world.send(0, 'Purse', await at(), 'revoke', [body.key, body.signature]));
    case 'purse_exit': {
      const before = await world.balance(body.owner);
      await world.send(0, 'Purse', await at(), 'exit', [body.signature]);
      const closed = await world.send(0, 'Purse', await at(), 'close', [configs.filter(({ payer }) => payer !== undefined)]);
      return done(closed, { amount: String(await world.balance(body.owner) - before), waiting: configs.map(() => '0x') });
    }
    default: {
      const { channelConfig, deposit: { amount, authorization: { purseSpend: it } } } = body;
      const data = collectData({ ...it, key: channelConfig.payerAuthorizer, lane: Number(BigInt(channelConfig.salt)) });
      const sent = await world.send(0, 'Channels', CHANNELS, 'deposit', [channelConfig, BigInt(amount), channelConfig.payer, data]);
      configs.push(channelConfig);
      const channelId = await world.read<Hex>('Channels', CHANNELS, 'getChannelId', [channelConfig]);
      const [balance] = await world.read<[bigint]>('Channels', CHANNELS, 'channels', [channelId]);
      return done(sent, { channelId, balance: balance.toString() });
    }
  }
}
let configs: ChannelConfig[] = [];
beforeEach(() => { configs = []; });

const relay = (async (input: unknown, init?: RequestInit) => {
  const url = new URL(String(input), 'http://node.test');
  try {
    return new Response(JSON.stringify(await answer(url, init?.body ? JSON.parse(String(init.body)) : null)));
  } catch (error) {
    return new Response(JSON.stringify({ detail: String(error), code: 'would_revert' }), { status: 422 });
  }
}) as typeof fetch;

function visitor() {
  const { deployment, token, service } = world;
  const provider = world.provider(wallets);
  const owner = account(wallets++).address;
  const store = createDeviceStore(new IDBFactory() as unknown as IDBFactory);
  const act = { api: createApi('', relay), store, provider, deployment, token, owner, now, onStep: () => undefined };
  const terms = { service, withdrawDelay: 3600 } as ModelTerms;
  const open = (amount: bigint) => openFromPurse({ ...act, model: '1', terms, amount });
  return { act, provider, owner, terms, open, purse: purseOf({ purses: world.at('Purses'), chainId: 1337, owner, token: token.address }) };
}
const limits = { cap: 5_000_000n, perDay: 2_000_000n, life: DEFAULT_LIFE };

test('one signature funds a purse at the address that the page worked out, and the key opens from it', async () => {
  const { act, provider, owner, open, purse } = visitor();
  await fundPurse({ ...act, value: 5_000_000n, limits });
  expect(provider.prompts).toEqual(['ReceiveWithAuthorization']);
  expect(await world.balance(purse)).toBe(5_000_000n);
  expect(await loadPurse(act)).toMatchObject({ purse, exists: true, nonce: '1', key: { left: '5000000', leftToday: '2000000', spends: 0 } });

  const channel = await open(500_000n);
  expect(channel).toMatchObject({ balance: '500000', open: true, payer: purse, owner });
  const [, id] = Object.values(await world.read<any>('Purse', purse, 'channelOf', [channel.config.payerAuthorizer, 1n, 0n]));
  expect(id).toBe(channel.channelId);
  expect(await addFromPurse({ ...act, channel, amount: 250_000n })).toMatchObject({ balance: '750000' });
  expect(provider.prompts).toHaveLength(1);
});

test('what the limits forbid does not pass, whoever carries it', async () => {
  const { act, open } = visitor();
  await fundPurse({ ...act, value: 5_000_000n, limits });
  await expect(open(2_000_001n)).rejects.toMatchObject({ status: 422 });
  await open(2_000_000n);
  await expect(open(1n)).rejects.toMatchObject({ status: 422 });
});

test('a second device spends from the same purse after a signature that moves nothing', async () => {
  const first = visitor();
  await fundPurse({ ...first.act, value: 5_000_000n, limits });
  await first.open(1_000_000n);
  const act = { ...first.act, store: createDeviceStore(new IDBFactory() as unknown as IDBFactory) };
  await setLimits({ ...act, limits });
  expect(first.provider.prompts).toEqual(['ReceiveWithAuthorization', 'SetPolicy']);
  const second = await openFromPurse({ ...act, model: '1', terms: first.terms, amount: 1_000_000n });
  expect(second.config.payerAuthorizer).not.toBe((await first.open(1n)).config.payerAuthorizer);
  expect(await world.balance(first.purse)).toBe(2_999_999n);

  const others = async () => otherKeys({ ...act, rpc: world.rpc, purse: (await loadPurse(act))!, channels: [] });
  const [lost] = await others();
  expect(lost!.key).toMatchObject({ key: (await first.open(1n)).config.payerAuthorizer, valid: true });
  await revokeKey({ ...act, key: lost!.key!.key });
  expect(await others()).toEqual([]);
});

test('a device whose key is ended takes nothing more', async () => {
  const { act, open } = visitor();
  await fundPurse({ ...act, value: 5_000_000n, limits });
  const { config: { payerAuthorizer: key } } = await open(1n);
  await revokeKey({ ...act, key });
  await expect(open(1n)).rejects.toMatchObject({ status: 422 });
});

test('one signature takes everything back, what a silent node holds after its delay', async () => {
  const { act, provider, owner, open } = visitor();
  const before = await world.balance(owner);
  await fundPurse({ ...act, value: 5_000_000n, limits });
  const { channelId } = await open(1_000_000n);
  expect(await exitPurse(act)).toEqual({ back: 4_000_000n, waiting: 1 });
  expect(await act.store.channel(channelId)).toMatchObject({ open: false });
  await later(3601);
  expect(await exitPurse(act)).toMatchObject({ back: 1_000_000n });
  expect(await world.balance(owner)).toBe(before);
  expect(provider.prompts).toEqual(['ReceiveWithAuthorization', 'Exit', 'Exit']);
  await fundPurse({ ...act, value: 1_000_000n, limits });
  expect(await open(100n)).toMatchObject({ channelId, open: true });
});

test('without any node the wallet empties purse and channels itself', async () => {
  const { act, provider, owner, open, purse } = visitor();
  const before = await world.balance(owner);
  await fundPurse({ ...act, value: 3_000_000n, limits });
  const { config, channelId } = await open(1_000_000n);
  const leave = { provider, rpc: world.rpc, owner, purse, onStep: act.onStep };
  // First one channel alone, back into the purse.
  const channel = { config, channelId, purse, owner, balance: '1000000', claimed: '0' } as MoneyChannel;
  const one = { ...act, channel, rpc: world.rpc };
  await startWithdrawal(one);
  await later(3601);
  await finishWithdrawal(one);
  expect(await world.balance(purse)).toBe(3_000_000n);
  expect(await act.store.channel(channelId)).toMatchObject({ open: false });

  await open(1_000_000n);
  await leavePurse(leave);
  await closePurse({ ...leave, configs: [config] });
  expect(await world.balance(owner)).toBe(before - 1_000_000n);
  await later(3601);
  await closePurse({ ...leave, configs: [config] });
  expect(await world.balance(owner)).toBe(before);
});

/** A node that is paid by whoever sends a payment; each call lasts until `release`. */
function payingNode(release: Promise<void> = Promise.resolve()) {
  const terms = {
    scheme: 'batch-settlement', network: 'eip155:1337', amount: '1000', asset: world.token.address, payTo: world.service.receiver,
    maxTimeoutSeconds: 60, extra: { name: 'Test USD', version: '1', receiverAuthorizer: world.service.receiverAuthorizer, withdrawDelay: 3600, minDeposit: '50000' },
  };
  return (async (input: string, init?: RequestInit) => {
    if (!String(input).includes('/m/')) return relay(input, init);
    if (new Headers(init?.headers).has('payment-signature')) {
      await release;
      return new Response('{"paid":true}');
    }
    return new Response('{}', { status: 402, headers: { 'payment-required': encodeHeader({ x402Version: 2, accepts: [terms] }) } });
  }) as typeof fetch;
}

test('calls at once take lanes of the real contract, which bounds them together', async () => {
  const signer = account(wallets++);
  let release = () => {};
  const fetch = payingNode(new Promise((done) => { release = done; }));
  const pay = createStoaFetch({ node: 'http://node.test', signer, now, fetch, deposit: '0.40', policy: { cap: '1', perService: '0.65' } });
  const call = () => pay('http://node.test/m/tiny/v1/completions', { method: 'POST', body: '{"prompt":"x"}' });
  const calls = Array.from({ length: 6 }, call);
  const open = async () => (await pay.sessions()).map(laneOf).sort();
  // 0.40, 0.10, 0.10 and then the 0.05 that are left of the service's limit.
  await vi.waitFor(async () => expect(await open()).toEqual([0, 1, 2, 3]), { timeout: 30_000 });
  release();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  const balances = (await pay.sessions()).sort((a, b) => laneOf(a) - laneOf(b)).map(({ balance }) => balance);
  expect(balances).toEqual(['400000', '100000', '100000', '50000']);
  expect((await pay.purses())[0]).toMatchObject({ balance: '350000', key: { left: '350000', spends: 4 } });
});

test('the paying fetch funds and opens on the real contracts', async () => {
  const signer = account(wallets++);
  const node = payingNode();
  const pay = createStoaFetch({ node: 'http://node.test', signer, now, fetch: node, deposit: '0.25', policy: { cap: '1', perDay: '0.5' } });
  const answer = await pay('http://node.test/m/tiny/v1/completions', { method: 'POST', body: '{"prompt":"x"}' });
  expect(await answer.json()).toEqual({ paid: true });
  const [state] = await pay.purses();
  expect(state).toMatchObject({ balance: '750000', key: { left: '750000', leftToday: '250000', capPerDay: '500000' } });
  expect(await pay.close()).toBe(750_000n);
});
