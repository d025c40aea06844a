// What a stream that is paid for in part may ask for, and what is promised for it.
import { recoverTypedDataAddress, type Hex } from 'viem';
import { expect, test } from 'vitest';
import {
  paidFetch, type PaidCall, PolicyRefusal, SessionSpent, voucherTypedData,
} from '@stoa/client';
import { asks, CHAIN, nodeOf, openChannel, terms, URL } from './fixture';

const POST = { method: 'POST', body: '{}' };
const stream = () => new Response('data: [DONE]\n\n');
const least = terms('1000', { leastAmount: '100' });
type Sent = { url: string; body: { channelId: Hex; maxClaimableAmount: string; signature: Hex } };

/** A call of at most 1000 that is begun with 100, on a channel that was charged 50. */
async function begun(more: Partial<PaidCall> = {}, { balance = '1000000', status = [204] } = {}) {
  const open = await openChannel(balance, '50', '50');
  const node = nodeOf(() => asks(least), stream);
  const sent: Sent[] = [];
  const fetch = (async (url: string | URL, init?: RequestInit) => {
    if (!String(url).endsWith('/x402/voucher')) return node.fetch(url, init);
    sent.push({ url: String(url), body: JSON.parse(init!.body as string) as Sent['body'] });
    const answer = status[Math.min(sent.length, status.length) - 1]!;
    if (answer === 0) throw new TypeError('Failed to fetch');
    return new Response(null, { status: answer });
  }) as typeof globalThis.fetch;
  const call = { ...open, payOn: true, fetch, ...more };
  const { payOn, offered } = await paidFetch(call, URL, POST);
  const ask = (accepted: string, required: string, channelId = open.channelId) =>
    payOn!({ channelId, accepted, required, deadlineMs: 5000 });
  return { ...open, ask, sent, offered, first: node.payments[1]! };
}

test('a stream is begun with its least and paid on for in steps that double, to its bound', async () => {
  const { ask, sent, first, offered, store, key, channelId } = await begun();
  expect(offered).toBe(100n);
  expect(first.accepted.amount).toBe('100');
  expect(first.payload.voucher.maxClaimableAmount).toBe('150');
  for (const [accepted, required] of [['150', '250'], ['250', '350'], ['450', '550'], ['850', '950']] as const) {
    expect(await ask(accepted, required)).toBe(true);
  }
  expect(sent.map(({ body }) => body.maxClaimableAmount)).toEqual(['250', '450', '850', '1050']);
  expect(sent[0]!.url).toBe('https://node.example/x402/voucher');
  expect(await recoverTypedDataAddress({
    ...voucherTypedData(CHAIN, channelId, 1050n), signature: sent[3]!.body.signature,
  })).toBe(key.address);
  expect(await store.channel(channelId)).toMatchObject({ charged: '50', signedMax: '1050' });
  expect(await ask('1050', '1100')).toBe(false);
});

test('nothing is promised that the node was not told or has no right to', async () => {
  const { ask, sent, store, channelId } = await begun();
  expect(await ask('149', '182')).toBe(false);
  expect(await ask('150', '1051')).toBe(false);
  expect(await ask('150', '150')).toBe(false);
  expect(await ask('150', '182', `0x${'11'.repeat(32)}`)).toBe(false);
  expect(sent).toEqual([]);
  expect((await store.channel(channelId))!.signedMax).toBe('150');
});

test('the limits hold: less is promised where that is allowed, and nothing where it is not', async () => {
  const promised: bigint[] = [];
  const approve = ({ bound, growth }: { bound: bigint; growth: bigint }) => {
    if (bound > 150n) throw new PolicyRefusal('perCall', 'Too much.', 'Ask for less.');
    promised.push(growth);
  };
  const { ask, sent } = await begun({ approve });
  expect(await ask('150', '170')).toBe(true);
  expect(await ask('170', '190')).toBe(true);
  expect(sent.map(({ body }) => body.maxClaimableAmount)).toEqual(['170', '190']);
  expect(promised).toEqual([100n, 20n, 20n]);
  expect(await ask('190', '211')).toBe(false);
  expect(sent).toHaveLength(2);
});

test('the channel is spent to its last unit, and where it can be filled it is filled before', async () => {
  const { ask, sent } = await begun({}, { balance: '200' });
  expect(await ask('150', '160')).toBe(true);
  expect(await ask('160', '170')).toBe(true);
  expect(await ask('180', '190')).toBe(true);
  expect(sent.map(({ body }) => body.maxClaimableAmount)).toEqual(['160', '180', '200']);
  expect(await ask('200', '210')).toBe(false);
  await expect(begun({ refills: true }, { balance: '200' })).rejects.toMatchObject({ missing: 850n });
  await expect(begun({}, { balance: '149' })).rejects.toBeInstanceOf(SessionSpent);
});

test('a voucher that may not have arrived is sent again, a refused one is not', async () => {
  const lost = await begun({}, { status: [0, 500, 204] });
  expect(await lost.ask('150', '182')).toBe(true);
  expect(new Set(lost.sent.map(({ body }) => body.signature)).size).toBe(1);
  const refused = await begun({}, { status: [422] });
  expect(await refused.ask('150', '182')).toBe(false);
  expect(refused.sent).toHaveLength(1);
});

test('who does not pay on, and what names no least, is promised whole', async () => {
  const { store, key, channelId } = await openChannel();
  const whole = nodeOf(() => asks(least), stream);
  const { payOn } = await paidFetch({ store, key, channelId, fetch: whole.fetch }, URL, POST);
  expect(payOn).toBeUndefined();
  expect(whole.payments[1]!.payload.voucher.maxClaimableAmount).toBe('1000');
  const plain = nodeOf(() => asks(terms('1000')), stream);
  const answer = await paidFetch({ store, key, channelId, payOn: true, fetch: plain.fetch }, URL, POST);
  expect(answer.payOn).toBeUndefined();
  expect(plain.payments[1]!.payload.voucher.maxClaimableAmount).toBe('1000');
});
