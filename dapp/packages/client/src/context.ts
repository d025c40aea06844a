// What a paying fetch works with: its node, its owner's wishes, and what it remembers.
import type { Address, Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Policy } from './policy.ts';
import { Problem, problemOf, unreachable } from './problem.ts';
import { carried } from './relay.ts';
import type { ChannelStore, State, StateStore, StoredChannel } from './store.ts';
import type { Token } from './types.ts';

/** What signs for the wallet: a viem account, or a browser's wallet by `walletSigner`. */
export type Signer = {
  address: Address;
  signTypedData: (data: never) => Promise<Hex>;
};

export type StoaOptions = {
  /** The node's address: 'https://node.example'. */
  node: string;
  /** Funds the purse, or each session; without it only `purse` or `session` is spent. */
  signer?: Signer;
  /** A key that an owner lets spend from its purse, for who must not hold the wallet's. */
  purse?: { owner: Address; key: Hex };
  /** One session from elsewhere: it is all that is spent. */
  session?: { key: Hex; channel: StoredChannel };
  policy?: Policy;
  /** Put into the purse by one signature, in whole units; else `policy.cap`, or five deposits. */
  fund?: string;
  /** Put into each new session, in whole units of the token; all that isn't used comes back. */
  deposit?: string;
  /** Where sessions are kept; without it they last as long as the process. */
  store?: StateStore;
  fetch?: typeof fetch;
  /** Unix seconds. */
  now?: () => number;
};

export type Context = {
  node: string;
  options: StoaOptions;
  policy: Policy;
  fetchFn: typeof fetch;
  now: () => number;
  state: State;
  /** The session key of `state`. */
  key: PrivateKeyAccount;
  store: ChannelStore;
  save: () => Promise<void>;
  chainId: number;
  tokens: Token[];
  /** The contract that makes purses, where the node's chain has it. */
  purses: Address | undefined;
  /** Calls that wait for a lane, by the service that they are of. */
  queues: Map<string, Queue>;
};

export type Queue = {
  /** Each takes a lane that was opened, unless it has one by then. */
  waiting: Set<(lane: StoredChannel) => void>;
  opening: boolean;
  /** Unix seconds: until then no lane is opened, since there was no money for one. */
  closedUntil: number;
};

export const DEFAULT_DEPOSIT = '1';

/** Whose money is spent. */
export const spender = ({ options }: Context): Address | undefined =>
  options.signer?.address ?? options.purse?.owner;

export function tokenOf({ tokens }: Context, address: Address): Token {
  const token = tokens.find((one) => one.address.toLowerCase() === address.toLowerCase());
  if (token) return token;
  throw new Problem(402, 'unknown_token', `The node does not name the token ${address}.`);
}

export async function json<T>(fetchFn: typeof fetch, url: string, post?: object): Promise<T> {
  const response = await fetchFn(url, post && {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(post, (_, value: unknown) =>
      (typeof value === 'bigint' ? value.toString() : value)),
  });
  if (!response.ok) throw await problemOf(response);
  return await response.json() as T;
}

/** Has a signature carried to the chain. */
export const relay = <T>({ fetchFn, node }: Context, kind: string, fields: object): Promise<T> =>
  carried(async () => {
    try {
      return await json<T>(fetchFn, `${node}/api/relay`, { kind, ...fields });
    } catch (cause) {
      throw cause instanceof Problem ? cause : unreachable(cause);
    }
  });
