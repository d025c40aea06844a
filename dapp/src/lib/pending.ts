// Transactions that a wallet has sent and no block has taken yet, kept over a reload. Each is one
// account's on one chain; what became of it is always read from the chain.
import type { Address, Hex } from 'viem';
import { ask, type Provider } from './wallet';

export type Pending = { transaction: Hex; chainId: number; from: Address; sentAt: number };

const KEY = 'stoa.pending';
const MAX_KEPT = 20;

export function pendingTransactions(storage: Storage): Pending[] {
  try {
    const found: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found as Pending[] : [];
  } catch {
    return [];
  }
}

function keep(storage: Storage, all: Pending[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(all.slice(-MAX_KEPT)));
  } catch {
    // Storage is off or full: the wallet's own list has it too.
  }
}

const others = (storage: Storage, transaction: Hex) =>
  pendingTransactions(storage).filter((one) => one.transaction !== transaction);

export function addPending(storage: Storage, one: Pending): void {
  keep(storage, [...others(storage, one.transaction), one]);
}

export function removePending(storage: Storage, transaction: Hex): void {
  keep(storage, others(storage, transaction));
}

export type Fate =
  | { is: 'waiting' }
  | { is: 'mined'; block: number; success: boolean }
  /** Neither mined nor known any more: another of the same number took its place, or it was dropped. */
  | { is: 'gone' };

export async function fateOf(rpc: Provider, { transaction }: Pending): Promise<Fate> {
  const receipt = await ask<{ status: Hex; blockNumber: Hex } | null>(
    rpc, 'eth_getTransactionReceipt', [transaction]);
  if (receipt) {
    return { is: 'mined', block: Number(receipt.blockNumber), success: BigInt(receipt.status) === 1n };
  }
  const known = await ask<object | null>(rpc, 'eth_getTransactionByHash', [transaction]);
  return known ? { is: 'waiting' } : { is: 'gone' };
}
