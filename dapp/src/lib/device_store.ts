// What this device keeps: the key that seals, the session keys sealed by it, and where each channel
// stands. Losing all of it loses no money: the wallet's own signature refunds every channel.
import type { StoredChannel } from '@stoa/client';
import type { Address, Hex } from 'viem';

export type StoredKey = {
  /** chainId:payer, in lower case. */
  id: string;
  address: Address;
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
  createdAt: number;
};

const NAME = 'stoa';
const VERSION = 1;

export type DeviceStore = ReturnType<typeof createDeviceStore>;

export function createDeviceStore(factory: IDBFactory = indexedDB) {
  let opening: Promise<IDBDatabase> | null = null;

  function database(): Promise<IDBDatabase> {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = factory.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('seal');
        request.result.createObjectStore('keys', { keyPath: 'id' });
        request.result.createObjectStore('channels', { keyPath: 'channelId' });
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => { request.result.close(); opening = null; };
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    }).catch((error: unknown) => { opening = null; throw error; });
    return opening;
  }

  async function run<T>(
    store: 'seal' | 'keys' | 'channels', mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await database()).transaction(store, mode);
    const request = act(transaction.objectStore(store));
    return new Promise((resolve, reject) => {
      // A write counts once its transaction is complete, not once it was asked for.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** AES-GCM, made here once; the browser never gives out its bytes. */
  async function seal(): Promise<CryptoKey> {
    const found = await run<unknown>('seal', 'readonly', (store) => store.get('key'));
    if (found) return found as CryptoKey;
    const made = await crypto.subtle.generateKey(
      { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    try {
      await run('seal', 'readwrite', (store) => store.add(made, 'key'));
      return made;
    } catch {
      // Another tab was faster.
      return await run<unknown>('seal', 'readonly', (store) => store.get('key')) as CryptoKey;
    }
  }

  return {
    seal,
    key: (id: string) =>
      run<StoredKey | undefined>('keys', 'readonly', (store) => store.get(id)),
    keys: () => run<StoredKey[]>('keys', 'readonly', (store) => store.getAll()),
    /** Rejects if there is one already. */
    addKey: (key: StoredKey) => run('keys', 'readwrite', (store) => store.add(key)),
    removeKey: (id: string) => run('keys', 'readwrite', (store) => store.delete(id)),
    channel: (channelId: Hex) =>
      run<StoredChannel | undefined>('channels', 'readonly', (store) => store.get(channelId)),
    channels: () => run<StoredChannel[]>('channels', 'readonly', (store) => store.getAll()),
    putChannel: (channel: StoredChannel) =>
      run('channels', 'readwrite', (store) => store.put(channel)),
    removeChannel: (channelId: Hex) =>
      run('channels', 'readwrite', (store) => store.delete(channelId)),
  };
}
