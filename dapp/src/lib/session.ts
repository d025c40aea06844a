// Sessions: one wallet signature moves a deposit into a channel that only this model's service can
// charge and only the buyer can empty; from then on this device's session key signs.
import {
  authorizationTypedData, DEPOSIT_COLLECTOR, depositOf, emptied, newChannel, ownerOf, Problem, type
  SessionTerms,
  type StoredChannel,
} from '@stoa/client';
import { encodeFunctionData, type Address, type Hex } from 'viem';
import { servicesAbi } from './abi';
import type { Api } from './api';
import type { DeviceStore } from './device_store';
import { sessionKey } from './session_key';
import type { OnStep } from './step';
import type { Deployment, Service, Token } from './types';
import { ask, signTyped, type Provider } from './wallet';

/** What a model's paid route asks for, with the service that it belongs to. */
export type ModelTerms = SessionTerms<Service>;

/** The signature's content before the button is pressed, when its last fields aren't known. */
export function sessionPreview(
  deployment: Deployment, token: Token, payer: Address, amount: bigint,
) {
  return authorizationTypedData(deployment.chainId, token, {
    from: payer, to: DEPOSIT_COLLECTOR, value: amount, validAfter: 0n, validBefore: 0n,
    nonce: `0x${'0'.repeat(64)}`,
  });
}

type Deposit = {
  api: Api;
  store: DeviceStore;
  provider: Provider;
  deployment: Deployment;
  token: Token;
  amount: bigint;
  onStep: OnStep;
  now?: () => number;
};

/** Opens a session: one signature, carried by the node. Returns when the deposit is on chain. */
export async function openSession(
  deposit: Deposit & { payer: Address; model: string; terms: ModelTerms },
): Promise<StoredChannel> {
  const { store, deployment, payer, model, terms } = deposit;
  await proveReceiver(deposit.provider, deployment, terms.service);
  const key = await sessionKey(store, deployment.chainId, payer);
  return carry(deposit, newChannel({
    chainId: deployment.chainId, payer, payerAuthorizer: key.address, model, terms,
    now: seconds(deposit),
  }));
}

/** That the money goes to a service of this market: asked of the chain, through the wallet. */
async function proveReceiver(
  provider: Provider, { contracts }: Deployment, { id, receiver }: Service,
): Promise<void> {
  if (!contracts.Services) return;
  const found = await ask<Hex>(provider, 'eth_call', [{
    to: contracts.Services,
    data: encodeFunctionData({
      abi: servicesAbi, functionName: 'serviceOfReceiver', args: [receiver],
    }),
  }, 'latest']);
  if (BigInt(found) === BigInt(id)) return;
  throw new Problem(402, 'unknown_payee',
    'The chain does not know the account that this node wants to be paid at.',
    'Nothing was signed. Use another node for this model.');
}

/** Adds to a session that is open: the same channel, one more signature. */
export const topUp = (deposit: Deposit & { channel: StoredChannel }): Promise<StoredChannel> =>
  carry(deposit, deposit.channel);

async function carry(deposit: Deposit, channel: StoredChannel): Promise<StoredChannel> {
  const { api, store, provider, token, amount, onStep } = deposit;
  const { data, body } = depositOf({ channel, token, amount, now: seconds(deposit) });
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, channel.payer, data);
  // Known here before the money moves, so that a page closed now finds its session again.
  await store.putChannel(channel);
  onStep({ at: 'sent' });
  const done = await api.relay<{ channelId: Hex; balance: string }>('deposit', body(signature));
  const next: StoredChannel = {
    ...await store.channel(channel.channelId) ?? channel, balance: done.balance, open: true,
    updatedAt: seconds(deposit),
  };
  await store.putChannel(next);
  onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
  return next;
}

const seconds = ({ now }: { now?: () => number }) => now?.() ?? Math.floor(Date.now() / 1000);

/** The session of this device that still pays `service`, the one with most left. */
export function usableSession(
  channels: StoredChannel[], chainId: number, payer: Address, service: Service,
): StoredChannel | null {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const left = (channel: StoredChannel) => BigInt(channel.balance) - BigInt(channel.charged);
  return channels
    .filter((channel) => channel.open && channel.chainId === chainId && same(ownerOf(channel), payer)
      && same(channel.config.receiver, service.receiver))
    .sort((a, b) => (left(a) < left(b) ? 1 : -1))[0] ?? null;
}

/** What a call or a deposit has just said is newer than a report that was on its way meanwhile. */
const FRESH_SECONDS = 20;
/** A node may report a deposit a little after it carried it. */
const FORGET_SECONDS = 600;

/**
 * Brings this device's record in line with what the node reports, such as a deposit that arrived
 * after the page was closed, or a refund from elsewhere. Gone channels are forgotten.
 */
export async function reconcile(
  store: DeviceStore, payer: Address, chainId: number,
  reported: { channelId: Hex; balance: string; charged: string }[],
  now = Math.floor(Date.now() / 1000),
): Promise<StoredChannel[]> {
  const known = new Map(reported.map((one) => [one.channelId.toLowerCase(), one]));
  const mine = (await store.channels()).filter((channel) =>
    channel.chainId === chainId && ownerOf(channel).toLowerCase() === payer.toLowerCase());
  const kept: StoredChannel[] = [];
  for (const channel of mine) {
    const truth = known.get(channel.channelId.toLowerCase());
    if (channel.open && now - channel.updatedAt < FRESH_SECONDS) {
      kept.push(channel);
    } else if (truth && BigInt(truth.balance) > 0n) {
      // A purse's channel that was emptied stays so until more is put in.
      const open = channel.open || !channel.owner || BigInt(truth.balance) > BigInt(truth.charged);
      const next = { ...channel, balance: truth.balance, charged: truth.charged, open };
      // A charge above what was signed isn't believed; a call in flight is booked by its answer.
      const signed = BigInt(truth.charged) <= BigInt(channel.signedMax);
      if (signed) await store.putChannel(next);
      kept.push(signed ? next : channel);
    } else if (now - channel.updatedAt > FORGET_SECONDS) {
      // A purse's channel may open again, and its totals go on.
      if (channel.owner) await store.putChannel(emptied(channel));
      else await store.removeChannel(channel.channelId);
    } else if (channel.open) {
      kept.push(channel);
    }
  }
  return kept;
}
