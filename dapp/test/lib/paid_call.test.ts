import { recoverTypedDataAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { expect, test } from 'vitest';
import { book, paidFetch, REFUSED, SessionSpent, voucherTypedData } from '@stoa/client';
import { asks, AUTHORIZER, CHAIN, nodeOf, openChannel, paid, PAYER, stateOf, terms, URL } from './fixture';

const POST = { method: 'POST', body: '{}' };
const ok = (headers: Record<string, string> = {}) => () => new Response('done', { headers });
const mismatch = `${REFUSED}cumulative_amount_mismatch`;

test('a call is promised exactly charged plus amount, by the session key', async () => {
  const { store, key, channelId, channel } = await openChannel('1000000', '137', '1137');
  const node = nodeOf(() => asks(terms('1000')), ok({ 'payment-response': paid(channelId, '40', '177') }));
  const { response, offered } = await paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST);
  expect(await response.text()).toBe('done');
  expect(offered).toBe(1000n);
  const { payload, accepted } = node.payments[1]!;
  expect(accepted).toEqual(terms('1000'));
  expect(payload.channelConfig).toEqual(channel.config);
  expect(payload.voucher.maxClaimableAmount).toBe('1137');
  expect(await recoverTypedDataAddress({
    ...voucherTypedData(CHAIN, channelId, 1137n), signature: payload.voucher.signature,
  })).toBe(key.address);
  expect(await store.channel(channelId)).toMatchObject({ charged: '177', signedMax: '1137' });
});

test('what the session cannot carry is not signed', async () => {
  const { store, key, channelId } = await openChannel('1500', '600', '600');
  const node = nodeOf(() => asks(terms('1000')));
  const call = paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST);
  await expect(call).rejects.toBeInstanceOf(SessionSpent);
  await expect(call).rejects.toMatchObject({ missing: 100n });
  expect(node.payments).toHaveLength(1);
});

test('a correction that our own signature bears out is adopted, once', async () => {
  const { store, key, channelId } = await openChannel('1000000', '0', '1000');
  const signature = await key.signTypedData(voucherTypedData(CHAIN, channelId, 1000n));
  const correction = () => asks(terms('1000', {
    channelState: stateOf(channelId, '137'), voucherState: { signedMaxClaimable: '1000', signature },
  }), mismatch);
  const node = nodeOf(() => asks(terms('1000')), correction, ok());
  await paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST);
  expect(node.payments[2]!.payload.voucher.maxClaimableAmount).toBe('1137');

  const stubborn = nodeOf(() => asks(terms('1000')), correction, correction);
  await expect(paidFetch({ store, key, channelId, fetch: stubborn.fetch }, URL, POST))
    .rejects.toMatchObject({ code: mismatch });
});

test('a node cannot invent a charge', async () => {
  const stranger = privateKeyToAccount(generatePrivateKey());
  const { store, key, channelId } = await openChannel('1000000', '0', '1000');
  const signed = (signer: typeof stranger, max: bigint) => signer.signTypedData(voucherTypedData(CHAIN, channelId, max));
  const cases = [
    { channelState: stateOf(channelId, '1001'), voucherState: { signedMaxClaimable: '1000', signature: await signed(key, 1000n) } },
    { channelState: stateOf(channelId, '900'), voucherState: { signedMaxClaimable: '5000', signature: await signed(stranger, 5000n) } },
    { channelState: stateOf(channelId, '1001') },
    { channelState: stateOf(channelId, '900', '800') },
    {},
  ];
  for (const extra of cases) {
    const node = nodeOf(() => asks(terms('1000')), () => asks(terms('1000', extra), mismatch));
    await expect(paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST))
      .rejects.toMatchObject({ code: 'state_not_proven' });
    expect((await store.channel(channelId))!.charged).toBe('0');
  }
});

test('the price must be asked for the service that the deposit was made for', async () => {
  const { store, key, channelId } = await openChannel();
  for (const other of [{ payTo: PAYER }, { asset: PAYER }, { extra: { ...terms('1').extra, receiverAuthorizer: PAYER } }]) {
    const node = nodeOf(() => asks({ ...terms('1000'), ...other }));
    await expect(paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST))
      .rejects.toMatchObject({ code: 'service_changed' });
    expect(node.payments).toHaveLength(1);
  }
  const node = nodeOf(() => asks({ ...terms('1000'), network: 'eip155:1' }));
  await expect(paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST))
    .rejects.toMatchObject({ code: 'no_channel_offer' });
  expect(AUTHORIZER).toBe(terms('1').extra.receiverAuthorizer);
});

test('a busy channel is waited for as long as the node says, and not for ever', async () => {
  const { store, key, channelId } = await openChannel();
  const busy = () => asks(terms('1000'), `${REFUSED}channel_busy`, { 'retry-after': '2' });
  const pauses: number[] = [];
  const pause = async (ms: number) => { pauses.push(ms); };
  const node = nodeOf(() => asks(terms('1000')), busy, busy, ok());
  await paidFetch({ store, key, channelId, fetch: node.fetch, pause }, URL, POST);
  expect(pauses).toEqual([2000, 2000]);

  const always = nodeOf(() => asks(terms('1000')), busy, busy, busy, busy, busy);
  await expect(paidFetch({ store, key, channelId, fetch: always.fetch, pause }, URL, POST))
    .rejects.toMatchObject({ code: `${REFUSED}channel_busy` });
});

test('other answers keep the node\'s own words', async () => {
  const { store, key, channelId } = await openChannel();
  const broken = () => new Response(JSON.stringify({ error: { message: 'Too long.', code: 'context_length', fix: 'Send less.' } }), { status: 400 });
  const node = nodeOf(() => asks(terms('1000')), broken);
  await expect(paidFetch({ store, key, channelId, fetch: node.fetch }, URL, POST))
    .rejects.toMatchObject({ status: 400, code: 'context_length', message: 'Too long.', fix: 'Send less.' });
  const down = (async () => { throw new TypeError('Failed to fetch'); }) as typeof fetch;
  await expect(paidFetch({ store, key, channelId, fetch: down }, URL, POST)).rejects.toMatchObject({ code: 'unreachable' });
});

test('a charge above what was signed is not booked', async () => {
  const { store, channelId } = await openChannel('1000000', '0', '1000');
  const answer = (charged: string) => ({
    success: true, transaction: '' as const, network: '', extra: { channelState: stateOf(channelId, charged) },
  });
  expect(await book(store, channelId, answer('1001'))).toBeNull();
  expect(await book(store, channelId, null)).toBeNull();
  expect(await book(store, channelId, answer('1000'))).toMatchObject({ charged: '1000' });
});
