// One session key per device and payer. It signs vouchers, nothing else, so that a wallet is asked
// once and not for each call. It is made here, and stored sealed.
import { bytesToHex, hexToBytes, type Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import type { DeviceStore, StoredKey } from './device_store';

export const keyId = (chainId: number, payer: Address): string =>
  `${chainId}:${payer.toLowerCase()}`;

/** The key of this device for `payer`; made if there is none. */
export async function sessionKey(
  store: DeviceStore, chainId: number, payer: Address,
): Promise<PrivateKeyAccount> {
  const id = keyId(chainId, payer);
  const stored = await store.key(id);
  if (stored) return unsealed(store, stored);
  const secret = generatePrivateKey();
  const account = privateKeyToAccount(secret);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: labelOf(id) }, await store.seal(), new Uint8Array(hexToBytes(secret)));
  try {
    await store.addKey({
      id, address: account.address, iv, sealed, createdAt: Math.floor(Date.now() / 1000),
    });
    return account;
  } catch {
    const other = await store.key(id);
    if (!other) throw new Error('This browser does not let the page keep a session key.');
    return unsealed(store, other);
  }
}

/** The key of a channel, or null where this device doesn't have it. */
export async function existingKey(
  store: DeviceStore, chainId: number, payer: Address, address: Address,
): Promise<PrivateKeyAccount | null> {
  const stored = await store.key(keyId(chainId, payer));
  if (!stored || stored.address.toLowerCase() !== address.toLowerCase()) return null;
  return unsealed(store, stored);
}

async function unsealed(store: DeviceStore, stored: StoredKey): Promise<PrivateKeyAccount> {
  const secret = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: stored.iv, additionalData: labelOf(stored.id) }, await store.seal(),
    stored.sealed);
  return privateKeyToAccount(bytesToHex(new Uint8Array(secret)));
}

/** Binds a sealed key to its place, so that none can be swapped for another. */
const labelOf = (id: string) => new TextEncoder().encode(`stoa session key ${id}`);
