// Calls at once with a purse: each takes a channel of its own, out of the purse and without the wallet.
import { createStoaFetch, laneOf, memoryStore, type Policy, type StoaOptions } from '@stoa/client';
import { mnemonicToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MockNode } from '../mock.mjs';

const signer = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: 2 });
const START = 100_000_000n, CHARGE = 271n;
let node: MockNode;
let signed: string[];

beforeEach(async () => {
  node = await new MockNode().start();
  node.pay(signer.address, START);
  signed = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
  return node.close();
});

const counting = {
  address: signer.address,
  signTypedData: (data: never) => {
    signed.push((data as { primaryType: string }).primaryType);
    return signer.signTypedData(data);
  },
};
const paying = (policy: Policy = {}, more: Partial<StoaOptions> = {}) =>
  createStoaFetch({ node: node.url, signer: counting, policy, deposit: '0.20', ...more });
const ask = async (pay: typeof fetch, model = 'medsum') => {
  const response = await pay(`${node.url}/m/${model}/v1/chat/completions`, {
    method: 'POST', body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true }),
  });
  return { status: response.status, text: await response.text() };
};
const atOnce = async (pay: typeof fetch, count: number) => {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(pay)));
  expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(200));
  expect(node.overlaps).toBe(0);
};
const channels = () => [...node.channels.values()].sort((a, b) => Number(BigInt(a.config.salt) - BigInt(b.config.salt)));
const lanes = () => channels().map(({ config }) => Number(BigInt(config.salt)));
const charged = () => channels().reduce((sum, channel) => sum + channel.charged, 0n);

test('eight calls at once run on four lanes, by one signature, and all comes back', async () => {
  const pay = paying();
  await atOnce(pay, 8);
  expect(lanes()).toEqual([0, 1, 2, 3]);
  // A lane behind the first gets a quarter of a deposit.
  expect(channels().map(({ balance }) => balance)).toEqual([200_000n, 50_000n, 50_000n, 50_000n]);
  expect(channels().every((channel) => channel.charged > 0n)).toBe(true);
  expect(charged()).toBe(8n * CHARGE);
  expect((await pay.sessions()).map(laneOf).sort()).toEqual([0, 1, 2, 3]);
  expect(signed).toEqual(['ReceiveWithAuthorization']);
  expect(await pay.close()).toBe(1_000_000n - 8n * CHARGE);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'Exit']);
  expect(node.balance(signer.address)).toBe(START - 8n * CHARGE);
});

test('calls one after the other stay on the first lane, also after others were used', async () => {
  const pay = paying();
  for (let call = 0; call < 3; call++) await ask(pay);
  expect(lanes()).toEqual([0]);
  await atOnce(pay, 2);
  expect(lanes()).toEqual([0, 1]);
  const before = channels()[0]!.charged;
  for (let call = 0; call < 3; call++) await ask(pay);
  expect(channels()[0]!.charged).toBe(before + 3n * CHARGE);
});

test('two names of one model share its lanes', async () => {
  const pay = paying();
  const answers = await Promise.all(['medsum', '1', 'medsum', '1', 'medsum', '1'].map((model) => ask(pay, model)));
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
  expect(node.overlaps).toBe(0);
  expect(charged()).toBe(6n * CHARGE);
  expect(Math.max(...lanes())).toBeLessThan(4);
});

test('after everything came back, the lanes go on where they stood', async () => {
  const pay = paying();
  await atOnce(pay, 8);
  await pay.close();
  await atOnce(pay, 8);
  expect(lanes()).toEqual([0, 1, 2, 3]);
  expect(charged()).toBe(16n * CHARGE);
});

test.each([
  ['the limit of a service', { perService: '0.24' }, {}],
  ['the limit of a day', { perDay: '0.24' }, {}],
  ['the limit in all', { cap: '0.24' }, {}],
  ['what is in the purse', {}, { fund: '0.24' }],
] as const)('where %s leaves nothing for a lane, calls wait their turn and the wallet is not asked', async (_, policy, more) => {
  const pay = paying(policy, more);
  await atOnce(pay, 4);
  expect(lanes()).toEqual([0]);
  expect(charged()).toBe(4n * CHARGE);
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('the limit of a service is that of all its lanes', async () => {
  const pay = paying({ perService: '0.31' });
  await atOnce(pay, 8);
  expect(channels().map(({ balance }) => balance)).toEqual([200_000n, 50_000n, 50_000n]);
});

/** Leaves `rest` in a lane, on both sides. */
async function use(pay: ReturnType<typeof paying>, lane: number, rest: bigint) {
  const channel = channels()[lane]!;
  channel.charged = channel.balance - rest;
  const own = (await pay.sessions()).find((one) => laneOf(one) === lane)!;
  Object.assign(own, { charged: String(channel.charged), signedMax: String(channel.charged) });
}

test('a lane that runs out is filled from the purse; where that is empty, its calls take the others', async () => {
  const pay = paying({}, { fund: '0.30' });
  await atOnce(pay, 2);
  expect(channels().map(({ balance }) => balance)).toEqual([200_000n, 50_000n]);
  await use(pay, 1, 1n);
  await atOnce(pay, 2);
  expect(channels()[1]!.balance).toBe(100_000n);
  await use(pay, 1, 1n);
  const before = channels()[0]!.charged;
  await atOnce(pay, 4);
  expect(channels()[0]!.charged).toBe(before + 4n * CHARGE);
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('a lane that the node refunded since it was idle is filled again', async () => {
  const pay = paying();
  await atOnce(pay, 2);
  node.refund(channels()[1]!);
  await atOnce(pay, 2);
  expect(channels()[1]!.charged).toBe(2n * CHARGE);
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('a session that was given stays the one channel', async () => {
  const store = memoryStore();
  const owner = paying({}, { store });
  await atOnce(owner, 2);
  const { key, channels: [channel] } = (await store.load())!;
  const pay = createStoaFetch({ node: node.url, session: { key, channel: channel! } });
  await atOnce(pay, 4);
  expect(lanes()).toEqual([0, 1]);
});

/** As browsers have them, over all tabs. */
class Locks {
  #last = new Map<string, Promise<unknown>>();

  request(name: string, ...rest: unknown[]) {
    const act = rest.at(-1) as (lock: object | null) => unknown;
    const { ifAvailable = false } = (rest.length > 1 ? rest[0] : {}) as { ifAvailable?: boolean };
    const before = this.#last.get(name);
    if (before && ifAvailable) return Promise.resolve().then(() => act(null));
    const mine = Promise.resolve(before).then(() => act({ name }));
    const settled: Promise<void> = mine.then(() => undefined, () => undefined)
      .then(() => { if (this.#last.get(name) === settled) this.#last.delete(name); });
    this.#last.set(name, settled);
    return mine;
  }
}

test('tabs of a page share the lanes by the browser\'s locks', async () => {
  vi.stubGlobal('navigator', { locks: new Locks() });
  const store = memoryStore();
  await ask(paying({}, { store }));
  const state = (await store.load())!;
  const shared = { load: async () => state, save: async () => undefined };
  const tabs = [paying({}, { store: shared }), paying({}, { store: shared })];
  await Promise.all(tabs.map((pay) => atOnce(pay, 4)));
  expect(lanes()).toEqual([0, 1, 2, 3]);
  expect(charged()).toBe(9n * CHARGE);
});
