// The paying fetch with a purse: one signature of the wallet for every model, limits that the chain keeps.
import { createStoaFetch, memoryStore, type Policy, type StoaOptions } from '@stoa/client';
import { mnemonicToAccount } from 'viem/accounts';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
const post = (pay: typeof fetch, path: string, body: object) =>
  pay(node.url + path, { method: 'POST', body: JSON.stringify(body) });
const ask = (pay: typeof fetch, model = 'medsum') => post(pay, `/m/${model}/v1/chat/completions`, {
  model, messages: [{ role: 'user', content: 'Hello' }], stream: true,
});
const embed = (pay: typeof fetch) => post(pay, '/m/minilm/v1/embeddings', { model: 'minilm', input: ['a', 'b'] });
const codeOf = async (response: Response) => (await response.json() as { error: { code: string } }).error.code;
const channels = () => [...node.channels.values()];
const onChain = () => [...node.purses.of(signer.address).keys.values()][0]!;

test('one signature pays two models, and one more brings everything back', async () => {
  const pay = paying();
  await (await ask(pay)).text();
  expect((await embed(pay)).status).toBe(200);
  await (await ask(pay)).text();
  expect(signed).toEqual(['ReceiveWithAuthorization']);
  expect(channels().map(({ balance }) => balance)).toEqual([100_000n, 100_000n]);
  expect(node.purses.balance(signer.address)).toBe(300_000n);
  expect(await pay.purses()).toMatchObject([{ balance: '300000', key: { left: '300000', spends: 2, valid: true } }]);

  expect(await pay.close()).toBe(500_000n - 2n * CHARGE - 12n);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'Exit']);
  expect(node.balance(signer.address)).toBe(START - 2n * CHARGE - 12n);
  expect(await pay.sessions()).toEqual([]);
});

test('a session that runs out is filled from the purse without the wallet', async () => {
  const pay = paying({}, { deposit: '0.05' });
  await (await ask(pay)).text();
  const [channel] = channels();
  channel!.charged = 48_000n;
  Object.assign((await pay.sessions())[0]!, { charged: '48000', signedMax: '48000' });
  await (await ask(pay)).text();
  expect(channel!.balance).toBe(100_000n);
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('after everything came back, the same channel goes on where it stood', async () => {
  const pay = paying();
  await (await ask(pay)).text();
  await pay.close();
  await (await ask(pay)).text();
  expect(signed).toEqual(['ReceiveWithAuthorization', 'Exit', 'ReceiveWithAuthorization']);
  expect(channels()).toHaveLength(1);
  expect(channels()[0]!.charged).toBe(2n * CHARGE);
  expect(await pay.close()).toBe(500_000n - CHARGE);
});

test('the policy stands on chain: cap, day, service and end', async () => {
  await (await ask(paying({ cap: '2', perDay: '0.50', perService: '0.25', expires: 1_900_000_000 }))).text();
  expect(onChain()).toMatchObject({ left: 1_900_000n, capPerDay: 500_000n, capPerService: 250_000n, expires: 1_900_000_000 });
  expect(node.purses.balance(signer.address)).toBe(1_900_000n);
});

test('without numbers the policy is what is put in, for thirty days', async () => {
  const now = Math.floor(Date.now() / 1000);
  await (await ask(paying({}, { now: () => now, fund: '3' }))).text();
  expect(onChain()).toMatchObject({ left: 2_900_000n, capPerDay: 3_000_000n, capPerService: 3_000_000n, expires: now + 30 * 86_400 });
});

test('what a limit forbids is refused before anything is signed', async () => {
  for (const [policy, code] of [
    [{ cap: '0.04' }, 'policy_cap'], [{ perDay: '0.04' }, 'policy_per_day'], [{ perService: '0.04' }, 'policy_per_service'],
    [{ perSession: '0.04' }, 'policy_per_session'], [{ expires: 1 }, 'policy_expires'],
  ] as const) {
    expect(await codeOf(await ask(paying(policy)))).toBe(code);
  }
  expect(signed).toEqual([]);
});

test('of a cap no more is ever taken, also after a restart; the wallet is not asked to raise it', async () => {
  const store = memoryStore();
  const policy = { cap: '0.12' };
  await (await ask(paying(policy, { store }))).text();
  expect(channels()[0]!.balance).toBe(100_000n);
  expect(await codeOf(await embed(paying(policy, { store })))).toBe('policy_cap');
  expect(signed).toEqual(['ReceiveWithAuthorization']);
  expect(node.purses.balance(signer.address)).toBe(20_000n);
});

test('a day\'s limit holds over models', async () => {
  const pay = paying({ perDay: '0.12' });
  await (await ask(pay)).text();
  expect(await codeOf(await embed(pay))).toBe('policy_per_day');
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('an empty purse is filled by another signature, under a policy that fits', async () => {
  const pay = paying({}, { fund: '0.10' });
  await (await ask(pay)).text();
  await embed(pay);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'ReceiveWithAuthorization']);
  expect(channels().map(({ balance }) => balance)).toEqual([100_000n, 100_000n]);
});

test('a second program uses the money of the same purse, by a signature that moves none', async () => {
  await (await ask(paying())).text();
  const other = paying();
  await (await ask(other)).text();
  expect(signed).toEqual(['ReceiveWithAuthorization', 'SetPolicy']);
  expect(channels()).toHaveLength(2);
  expect(node.purses.balance(signer.address)).toBe(300_000n);
});

test('a program without the wallet\'s key spends what its own key may, and no more', async () => {
  const store = memoryStore();
  await (await ask(paying({ cap: '0.20' }, { store }))).text();
  const { key } = (await store.load())!;
  const agent = createStoaFetch({ node: node.url, purse: { owner: signer.address, key }, deposit: '0.10' });
  expect((await embed(agent)).status).toBe(200);
  expect(channels()).toHaveLength(2);
  await expect(agent.close()).rejects.toMatchObject({ code: 'no_signer' });
  const other = createStoaFetch({ node: node.url, purse: { owner: signer.address, key: `0x${'42'.repeat(32)}` } });
  expect(await codeOf(await embed(other))).toBe('purse_spent');
  expect(signed).toEqual(['ReceiveWithAuthorization']);
});

test('a revoked key opens nothing more until its owner signs again', async () => {
  const store = memoryStore();
  const pay = paying({}, { store });
  await (await ask(pay)).text();
  await pay.revoke();
  const agent = createStoaFetch({ node: node.url, purse: { owner: signer.address, key: (await store.load())!.key } });
  expect(await codeOf(await embed(agent))).toBe('purse_spent');
  expect((await embed(pay)).status).toBe(200);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'Revoke', 'SetPolicy']);
});

test('another program with the same key that was faster is noticed, and the spend signed again', async () => {
  const pay = paying();
  await (await ask(pay)).text();
  let raced = false;
  const racing: typeof fetch = async (input, init) => {
    // Between reading the purse and spending, the key spends elsewhere.
    if (!raced && String(init?.body).includes('purseSpend')) {
      raced = true;
      [...node.purses.of(signer.address).keys.values()].at(-1)!.spends++;
    }
    return fetch(input, init);
  };
  const store = memoryStore();
  await store.save({ key: `0x${'37'.repeat(32)}`, channels: [], days: {} });
  expect((await embed(paying({}, { store, fetch: racing }))).status).toBe(200);
  expect(raced).toBe(true);
});

test('a policy that another device was faster with is signed again', async () => {
  let raced = false;
  const racing: typeof fetch = async (input, init) => {
    if (!raced && String(init?.body).includes('purse_policy')) {
      raced = true;
      node.purses.of(signer.address).nonce++;
    }
    return fetch(input, init);
  };
  await (await ask(paying())).text();
  expect((await ask(paying({}, { fetch: racing }))).status).toBe(200);
  expect(signed).toEqual(['ReceiveWithAuthorization', 'SetPolicy', 'SetPolicy']);
});

test('an answer that got lost is asked for again, and nothing is spent twice', async () => {
  let lost = 0;
  const losing: typeof fetch = async (input, init) => {
    const spends = String(init?.body).includes('purseSpend');
    if (spends && lost++ === 0) throw new TypeError('Failed to fetch');
    return fetch(input, init);
  };
  expect((await ask(paying({}, { fetch: losing }))).status).toBe(200);
  expect(lost).toBe(2);
  expect(channels()[0]!.balance).toBe(100_000n);
});

test('a purse of another address is not funded', async () => {
  const lying: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes('/api/purse')) return response;
    return new Response(JSON.stringify({ ...await response.json(), purse: `0x${'66'.repeat(20)}` }));
  };
  await expect(ask(paying({}, { fetch: lying }))).rejects.toMatchObject({ code: 'purse_mismatch' });
  expect(signed).toEqual([]);
});
