import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';
import { createDeviceStore } from '../../src/lib/device_store';
import { reconcile, usableSession } from '../../src/lib/session';
import { existingKey, sessionKey } from '../../src/lib/session_key';
import type { Service } from '../../src/lib/types';
import { CHAIN, newStore, openChannel, PAYER, RECEIVER, TOKEN } from './fixture';

test('the session key survives a reload and is stored sealed only', async () => {
  const disk = new IDBFactory();
  const key = await sessionKey(createDeviceStore(disk), CHAIN, PAYER);
  const again = createDeviceStore(disk);
  expect((await sessionKey(again, CHAIN, PAYER)).address).toBe(key.address);
  const [stored] = await again.keys();
  expect(JSON.stringify(stored)).not.toContain(key.address.slice(2).toLowerCase());
  expect(stored!.sealed.byteLength).toBe(32 + 16);
  expect((await again.seal()).extractable).toBe(false);
});

test('each payer and chain has a key of its own, and two tabs make one', async () => {
  const store = newStore();
  const [a, b] = await Promise.all([sessionKey(store, CHAIN, PAYER), sessionKey(store, CHAIN, PAYER)]);
  expect(a.address).toBe(b.address);
  expect((await sessionKey(store, CHAIN, RECEIVER)).address).not.toBe(a.address);
  expect((await sessionKey(store, 1, PAYER)).address).not.toBe(a.address);
  expect(await existingKey(store, CHAIN, PAYER, a.address)).not.toBeNull();
  expect(await existingKey(store, CHAIN, PAYER, RECEIVER)).toBeNull();
});

test('a sealed key in another\'s place is not opened', async () => {
  const store = newStore();
  await sessionKey(store, CHAIN, PAYER);
  const [stored] = await store.keys();
  await store.addKey({ ...stored!, id: `${CHAIN}:${RECEIVER.toLowerCase()}` });
  await expect(sessionKey(store, CHAIN, RECEIVER)).rejects.toThrow();
});

const service = { receiver: RECEIVER, token: TOKEN } as Service;

test('a session is found again after the page was closed before the deposit arrived', async () => {
  const { store, channel } = await openChannel('0');
  await store.putChannel({ ...channel, open: false });
  expect(usableSession(await reconcile(store, PAYER, CHAIN, [], 100), CHAIN, PAYER, service)).toBeNull();
  const kept = await reconcile(store, PAYER, CHAIN, [{ channelId: channel.channelId, balance: '500000', charged: '0' }], 100);
  expect(usableSession(kept, CHAIN, PAYER, service)).toMatchObject({ balance: '500000', open: true });
});

test('a new session outlives a node that reports it late, a refunded one doesn\'t', async () => {
  const { store, channel } = await openChannel();
  await store.putChannel({ ...channel, updatedAt: 1000 });
  expect(await reconcile(store, PAYER, CHAIN, [], 1100)).toHaveLength(1);
  expect(await reconcile(store, PAYER, CHAIN, [], 2000)).toHaveLength(0);
  expect(await store.channels()).toHaveLength(0);
});

test('a report that is older than the last call does not undo it', async () => {
  const { store, channel } = await openChannel('1000000', '500', '1000');
  await store.putChannel({ ...channel, updatedAt: 1000 });
  const old = [{ channelId: channel.channelId, balance: '1000000', charged: '100' }];
  expect((await reconcile(store, PAYER, CHAIN, old, 1010))[0]).toMatchObject({ charged: '500' });
  expect((await reconcile(store, PAYER, CHAIN, old, 1100))[0]).toMatchObject({ charged: '100' });
});

test('a reported charge above what was signed is not believed', async () => {
  const { store, channel } = await openChannel('1000000', '10', '1000');
  const { channelId } = channel;
  const [kept] = await reconcile(store, PAYER, CHAIN, [{ channelId, balance: '1000000', charged: '2000' }], 1);
  expect(kept).toMatchObject({ charged: '10' });
});

test('a purse\'s session that came back is remembered, and opens again once it holds money', async () => {
  const { store, channel } = await openChannel('500', '500', '600');
  const { channelId } = channel;
  await store.putChannel({ ...channel, payer: TOKEN, owner: PAYER, open: false });
  const report = (balance: string) => reconcile(store, PAYER, CHAIN, [{ channelId, balance, charged: '500' }], 5000);
  expect(usableSession(await report('500'), CHAIN, PAYER, service)).toBeNull();
  await reconcile(store, PAYER, CHAIN, [], 5000);
  expect(await store.channel(channelId)).toMatchObject({ open: false, charged: '500', signedMax: '600' });
  expect(usableSession(await report('900'), CHAIN, PAYER, service)).toMatchObject({ balance: '900', charged: '500', open: true });
  expect(usableSession(await report('900'), CHAIN, RECEIVER, service)).toBeNull();
});
