// The purse of the page's visitor: one signature of the wallet funds it and says what this device's
// key may spend; from then on the key opens a session with any model by itself.
import {
  checkPurse, emptied, exclusive, exitTypedData, fundingOf, heldWith, isRefusal, largestHeld, limitsFor, policyFields, Problem,
  purseChannel, purseOf, type PursePolicy, type PurseState, PURSE_WITHDRAW_DELAY, revokeTypedData,
  setPolicyTypedData, spendableFor, spendOf, type StoredChannel,
} from '@stoa/client';
import { encodeEventTopics, encodeFunctionData, getAddress, type Address, type Hex } from 'viem';
import { purseAbi, pursesAbi } from './abi';
import type { Api, RelayKind } from './api';
import type { DeviceStore } from './device_store';
import type { ModelTerms } from './session';
import { keyId, sessionKey } from './session_key';
import type { OnStep } from './step';
import type { Deployment, Relayed, Token } from './types';
import { ask, signTyped, type Provider } from './wallet';

/** What its owner says of it, in sums; the rest follows from the purse's state. */
export type Limits = {
  /** The most that this device may ever take out. */
  cap: bigint;
  /** Of it on one day, in UTC; null is no limit of its own. */
  perDay: bigint | null;
  /** How long it holds, in seconds. */
  life: number;
};

export const DEFAULT_LIFE = 30 * 86_400;

/** Where the owner's purse is, or null where there can be none: then each model has its own deposit. */
export function purseAddress(
  { contracts, chainId }: Deployment, token: Token, owner: Address,
): Address | null {
  if (!contracts.Purses || !token.eip3009) return null;
  return purseOf({ purses: contracts.Purses, chainId, owner, token: token.address });
}

export const pursePays = (terms: ModelTerms): boolean =>
  terms.withdrawDelay === PURSE_WITHDRAW_DELAY;

/** How the purse stands, and this device's key with it where it has one. */
export async function loadPurse(
  { api, store, deployment, token, owner }:
  { api: Api; store: DeviceStore; deployment: Deployment; token: Token; owner: Address },
): Promise<PurseState | null> {
  const { contracts: { Purses: purses }, chainId } = deployment;
  if (!purses || !token.eip3009) return null;
  const key = (await store.key(keyId(chainId, owner)))?.address;
  return checkPurse(await api.purse(owner, token.address, key),
    { purses, chainId, owner, token: token.address });
}

/** The keys of other devices and programs that may take something out of the purse now. */
export async function otherKeys(
  { api, rpc, purse, channels }:
  { api: Api; rpc: Provider; purse: PurseState; channels: { config: { payerAuthorizer: Address } }[] },
): Promise<PurseState[]> {
  const topics = encodeEventTopics({ abi: purseAbi, eventName: 'PolicySet' });
  // Some endpoints don't read that far back: those of open sessions are known all the same.
  const logs = await ask<{ topics: Hex[] }[] | null>(rpc, 'eth_getLogs', [
    { address: purse.purse, topics, fromBlock: 'earliest', toBlock: 'latest' },
  ]).catch(() => null);
  const keys = new Set([
    ...(logs ?? []).map(({ topics: [, key = '0x'] }) => getAddress(`0x${key.slice(-40)}`)),
    ...channels.map(({ config }) => getAddress(config.payerAuthorizer)),
  ]);
  if (purse.key) keys.delete(getAddress(purse.key.key));
  const states = await Promise.all([...keys].map((key) => api.purse(purse.owner, purse.token, key)));
  return states.filter(({ key }) => key?.valid);
}

/** The policy that a signature would make; `key` is known once this device has made one. */
export function policyOf(
  state: PurseState, token: Token, limits: Limits,
  { key, channels, now }: { key: Address; channels: StoredChannel[]; now: number },
): PursePolicy {
  const largest = largestHeld(channels
    .filter(({ payer, config }) => payer === state.purse && same(config.payerAuthorizer, key)));
  return {
    key, token: token.address,
    ...limitsFor(state, { cap: limits.cap, perDay: limits.perDay ?? undefined, largest }),
    expires: now + limits.life, services: [],
  };
}

type Act = {
  api: Api;
  store: DeviceStore;
  provider: Provider;
  deployment: Deployment;
  token: Token;
  owner: Address;
  onStep: OnStep;
  now?: () => number;
};

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const seconds = ({ now }: { now?: () => number }) => now?.() ?? Math.floor(Date.now() / 1000);

async function standing(act: Act): Promise<PurseState> {
  const state = await loadPurse(act);
  if (state) return state;
  throw new Problem(0, 'no_purses', 'This market has no purses.');
}

/** Puts money into the purse and gives this device its limits, by the one signature. */
export async function fundPurse(act: Act & { value: bigint; limits: Limits }): Promise<void> {
  const { provider, deployment, token, owner, value, onStep } = act;
  const { chainId } = deployment;
  const { state, policy } = await prepare(act);
  const { data, body } = fundingOf({
    chainId, token, owner, purse: state.purse, policy, nonce: BigInt(state.nonce), value,
    now: seconds(act),
  });
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, owner, data);
  await carry(act, state, 'purse_fund', body(signature));
}

/** Gives this device other limits, or its first on a purse that has money. */
export async function setLimits(act: Act & { limits: Limits }): Promise<void> {
  const { provider, deployment, owner, onStep } = act;
  const { state, policy } = await prepare(act);
  const data = setPolicyTypedData(deployment.chainId, state.purse, policy, BigInt(state.nonce));
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, owner, data);
  await carry(act, state, 'purse_policy', { owner, policy: policyFields(policy), signature });
}

/** What a wallet has signed for its purse, on its way to the chain. */
async function carry<T>(
  act: Act, signed: PurseState, kind: RelayKind, fields: object,
): Promise<Relayed & T> {
  const { api, onStep } = act;
  onStep({ at: 'sent' });
  try {
    const done = await api.relay<T>(kind, fields);
    // An exit that found nothing left to send has none.
    if (done.transaction) {
      onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
    }
    return done;
  } catch (error) {
    // An exit is several steps, and the first of them counts the nonce on.
    if (!isRefusal(error) || kind === 'purse_exit') throw error;
    if ((await standing(act)).nonce === signed.nonce) throw error;
    throw new Problem(409, 'stale_nonce', 'Your wallet signed something else for your purse meanwhile.',
      'Nothing of this was done. Try again, and sign anew.');
  }
}

async function prepare(
  act: Act & { limits: Limits },
): Promise<{ state: PurseState; policy: PursePolicy }> {
  const { store, provider, deployment, token, owner, limits } = act;
  await provePurse(provider, deployment, token, owner);
  const { address: key } = await sessionKey(store, deployment.chainId, owner);
  const state = await standing(act);
  const channels = await store.channels();
  return { state, policy: policyOf(state, token, limits, { key, channels, now: seconds(act) }) };
}

/** That the chain knows this purse as the owner's: asked through the wallet, not of the node. */
async function provePurse(
  provider: Provider, deployment: Deployment, token: Token, owner: Address,
): Promise<void> {
  const found = await ask<Hex>(provider, 'eth_call', [{
    to: deployment.contracts.Purses,
    data: encodeFunctionData({
      abi: pursesAbi, functionName: 'purseOf', args: [owner, token.address],
    }),
  }, 'latest']);
  const expected = purseAddress(deployment, token, owner);
  if (expected && BigInt(found) === BigInt(expected)) return;
  throw new Problem(0, 'purse_mismatch', 'The chain does not know the purse that this node names.',
    'Nothing was signed. Use another node.');
}

/** A key spends no more, at once. What its sessions hold stays usable and can be taken back. */
export async function revokeKey(act: Act & { key: Address }): Promise<void> {
  const { provider, deployment, token, owner, key, onStep } = act;
  const state = await standing(act);
  const data = revokeTypedData(deployment.chainId, state.purse, key, BigInt(state.nonce));
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, owner, data);
  await carry(act, state, 'purse_revoke', { owner, token: token.address, key, signature });
}

/** Everything back to the wallet: what the purse holds, and the rest of all its sessions. */
export async function exitPurse(act: Act): Promise<{ back: bigint; waiting: number }> {
  const { store, provider, deployment, token, owner, onStep } = act;
  const state = await standing(act);
  const data = exitTypedData(deployment.chainId, state.purse, BigInt(state.nonce));
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, owner, data);
  const done = await carry<{ amount: string; waiting: Hex[] }>(
    act, state, 'purse_exit', { owner, token: token.address, signature });
  for (const channel of await store.channels().catch(() => [])) {
    if (channel.payer === state.purse) await store.putChannel(emptied(channel)).catch(() => undefined);
  }
  return { back: BigInt(done.amount), waiting: done.waiting.length };
}

type FromPurse = Omit<Act, 'provider'> & { amount: bigint };

/** Opens a session with a model, or opens it again, by this device's key: no wallet is asked. */
export async function openFromPurse(
  act: FromPurse & { model: string; terms: ModelTerms; lane?: number },
): Promise<StoredChannel> {
  const { store, deployment, token, owner, model, terms, lane = 0 } = act;
  const purse = purseAddress(deployment, token, owner);
  if (!purse) throw new Problem(0, 'no_purses', 'This market has no purses.');
  const { address: key } = await sessionKey(store, deployment.chainId, owner);
  const fresh = purseChannel({
    chainId: deployment.chainId, purse, owner, key, model, service: terms.service, lane,
    now: seconds(act),
  });
  return addFromPurse({ ...act, channel: await store.channel(fresh.channelId) ?? fresh });
}

const SHARE_OF_A_LANE = 4n;

/** Another lane of a session that a purse pays, with a quarter of what that got, if as much may be taken. */
export async function openLane(
  act: Omit<FromPurse, 'amount'> & { session: StoredChannel; model: string; terms: ModelTerms; lane: number },
): Promise<StoredChannel> {
  const { store, session, terms: { minDeposit, typicalCall } } = act;
  const state = await loadPurse(act);
  const room = state ? spendableFor(state, heldWith(await store.channels(), session), seconds(act)) : 0n;
  const least = minDeposit > typicalCall ? minDeposit : typicalCall;
  if (room < least) throw new Problem(402, 'purse_spent', 'The purse does not carry another lane.');
  const share = BigInt(session.balance) / SHARE_OF_A_LANE;
  const wish = share < least ? least : share;
  return openFromPurse({ ...act, amount: wish < room ? wish : room });
}

/** The node may have read the chain before another tab's deposit. */
const MAX_TRIES = 3;

/** More of the purse into a session, by this device's key. */
export function addFromPurse(act: FromPurse & { channel: StoredChannel }): Promise<StoredChannel> {
  const { api, store, deployment, owner, channel, amount, onStep } = act;
  return exclusive(`purse:${deployment.chainId}:${owner}`, async () => {
    const key = await sessionKey(store, deployment.chainId, owner);
    // Known here before the money moves, so that a page closed now finds its session again.
    await store.putChannel(await store.channel(channel.channelId) ?? channel);
    for (let attempt = 1; ; attempt++) {
      const nonce = (await loadPurse(act))?.key?.spends ?? 0;
      const { body } = await spendOf({ channel, amount, nonce, key });
      onStep({ at: 'sent' });
      try {
        const done = await api.relay<{ balance: string }>('deposit', body);
        const next = {
          ...await store.channel(channel.channelId) ?? channel, balance: done.balance, open: true,
          updatedAt: seconds(act),
        };
        await store.putChannel(next);
        onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
        return next;
      } catch (error) {
        if (!isRefusal(error) || attempt === MAX_TRIES) throw error;
        if ((await loadPurse(act))?.key?.spends === nonce) throw error;
      }
    }
  });
}
