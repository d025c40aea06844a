// The paying fetch against a node that checks every signature, on a chain without purses: the wallet
// signs once for each model.
import { createStoaFetch, memoryStore, walletSigner, type Policy, type StoaOptions } from '@stoa/client';
import { mnemonicToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MockNode } from '../mock.mjs';

const signer = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: 2 });
const CHARGE = 271n, BOUND = 2100n;
let node: MockNode;
let signed: string[];

beforeEach(async () => {
  node = await new MockNode().start();
  node.hasPurses = false;
  node.pay(signer.address, 100_000_000n);
  signed = [];
});
afterEach(() => node.close());

const counting = {
  address: signer.address,
  signTypedData: (data: never) => {
    signed.push((data as { primaryType: string }).primaryType);
    return signer.signTypedData(data);
  },
};
const paying = (policy: Policy = {}, more: Partial<StoaOptions> = {}) =>
  createStoaFetch({ node: node.url, signer: counting, policy, deposit: '0.10', ...more });
const ask = (pay: typeof fetch, model = 'medsum', init: RequestInit = {}) => pay(`${node.url}/m/${model}/v1/chat/completions`, {
  method: 'POST', body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true }), ...init,
});
const codeOf = async (response: Response) => (await response.json() as { error: { code: string } }).error.code;
const channelOf = () => [...node.channels.values()][0]!;

test('one signature opens a session, and each answer is a stream without the receipt', async () => {
  const pay = paying();
  for (let call = 0; call < 3; call++) {
    const text = await (await ask(pay)).text();
    expect(text).toMatch(/three[^]*data: \[DONE\]/);
    expect(text).not.toContain('receipt');
  }
  expect(signed).toEqual(['ReceiveWithAuthorization']);
  expect(channelOf()).toMatchObject({ balance: 100_000n, charged: 3n * CHARGE });
  expect(await pay.sessions()).toMatchObject([{ charged: String(3n * CHARGE), balance: '100000' }]);
});

test('calls made at once are paid one after the other', async () => {
  const pay = paying();
  const answers = await Promise.all([ask(pay), ask(pay), ask(pay)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await Promise.all(answers.map((answer) => answer.text()));
  expect(channelOf().charged).toBe(3n * CHARGE);
  expect(node.channels.size).toBe(1);
});

test('an answer that nobody reads does not hold the next call', async () => {
  const pay = paying();
  await ask(pay);
  await (await ask(pay)).body!.cancel();
  await (await ask(pay)).text();
  expect(channelOf().charged).toBeGreaterThanOrEqual(2n * CHARGE);
});

test('closing brings back what was not charged, by one signature', async () => {
  const pay = paying();
  await (await ask(pay)).text();
  expect(await pay.close()).toBe(100_000n - CHARGE);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'RefundRequest']);
  expect(node.balance(signer.address)).toBe(100_000_000n - CHARGE);
  expect(await pay.sessions()).toEqual([]);
});

test('a model that is not allowed, and another server, are not even called', async () => {
  const pay = paying({ models: ['other'] });
  const answer = await ask(pay);
  expect(answer.status).toBe(403);
  expect(await codeOf(answer)).toBe('policy_models');
  expect(await codeOf(await pay('https://elsewhere.example/v1/completions', { method: 'POST', body: '{}' }))).toBe('other_origin');
  expect(signed).toEqual([]);
});

test('a call that can cost more than one may is not promised', async () => {
  const answer = await ask(paying({ perCall: '0.002099' }));
  expect(await codeOf(answer)).toBe('policy_per_call');
  expect(channelOf().last).toBeNull();
  expect((await ask(paying({ perCall: '0.0021' }))).status).toBe(200);
});

test('on one day no more can be taken than the day allows, also after a restart', async () => {
  const store = memoryStore();
  let now = 1_790_000_000;
  const policy = { perDay: '0.0024' };
  const more = { store, now: () => now };
  await (await ask(paying(policy, more))).text();
  // The first call promised 2100 and took 271; the second promises 271 beyond the 2100.
  await (await ask(paying(policy, more))).text();
  expect(await codeOf(await ask(paying(policy, more)))).toBe('policy_per_day');
  expect(BigInt(channelOf().last!.signedMaxClaimable)).toBe(BOUND + CHARGE);
  now += 86_400;
  expect((await ask(paying(policy, more))).status).toBe(200);
});

test('a session never holds more than it may, and is filled up to that', async () => {
  const pay = paying({ perSession: '0.06' }, { deposit: '5' });
  await (await ask(pay)).text();
  expect(channelOf().balance).toBe(60_000n);
  expect(await codeOf(await ask(paying({ perSession: '0.04' })))).toBe('policy_per_session');
  expect(node.channels.size).toBe(1);
});

test('a session that runs out is filled by another signature', async () => {
  const pay = paying({}, { deposit: '0.05' });
  await (await ask(pay)).text();
  const channel = channelOf();
  // As if 48,000 had been used: what is left doesn't carry the next call.
  channel.charged = 48_000n;
  const [session] = await pay.sessions();
  Object.assign(session!, { charged: '48000', signedMax: '48000' });
  await (await ask(pay)).text();
  expect(channel.balance).toBe(100_000n);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'ReceiveWithAuthorization']);
});

test('a session can be given to a program that has no wallet, which can spend it and not empty it', async () => {
  const store = memoryStore();
  const pay = paying({}, { store });
  await (await ask(pay)).text();
  const { key, channels: [channel] } = (await store.load())!;
  const agent = createStoaFetch({ node: node.url, session: { key, channel: channel! } });
  expect((await ask(agent)).status).toBe(200);
  await expect(agent.close()).rejects.toMatchObject({ code: 'no_signer' });
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('a browser\'s wallet signs as an account does', async () => {
  const asked: string[] = [];
  const wallet = {
    request: async ({ method, params }: { method: string; params: unknown[] }) => {
      asked.push(method);
      const { types: { EIP712Domain: _, ...types }, ...rest } = JSON.parse(String(params[1]));
      return signer.signTypedData({ ...rest, types });
    },
  };
  const pay = paying({}, { signer: walletSigner(wallet, signer.address) });
  expect((await ask(pay)).status).toBe(200);
  expect(asked).toEqual(['eth_signTypedData_v4']);
});

test('what the node refuses keeps its reason', async () => {
  expect(await codeOf(await ask(paying(), 'unknown'))).toBe('unknown_model');
});
