// What a buyer's device keeps of its sessions. Losing all of it loses no money: the wallet's own
// signature refunds every channel.
import type { Address, Hex } from 'viem';
import type { ChannelConfig } from './types.ts';

export type StoredChannel = {
  channelId: Hex;
  chainId: number;
  payer: Address;
  /** Whose purse the payer is, where it is one. */
  owner?: Address;
  service: string;
  model: string;
  config: ChannelConfig;
  /** Sums as the node last said, decimal strings. */
  balance: string;
  charged: string;
  /** The highest total that was ever signed: nobody can take more. */
  signedMax: string;
  /** Since then the channel pays; before, its deposit was only asked for. */
  open: boolean;
  updatedAt: number;
};

export type ChannelStore = {
  channel: (channelId: Hex) => Promise<StoredChannel | undefined>;
  channels: () => Promise<StoredChannel[]>;
  putChannel: (channel: StoredChannel) => Promise<unknown>;
  removeChannel: (channelId: Hex) => Promise<unknown>;
};

/** All that a paying fetch remembers, as JSON. */
export type State = {
  /** The session key: it signs calls of these channels, and holds no money. */
  key: Hex;
  channels: StoredChannel[];
  /** Units spent by UTC day, such as 2026-11-25. */
  days: Record<string, string>;
  /** What the key has taken out of a purse, by the purse's token. */
  taken?: Record<Address, string>;
};

/** Where a State is kept. `load` answers null the first time. */
export type StateStore = {
  load: () => Promise<State | null>;
  save: (state: State) => Promise<void>;
};

/** Forgets with the process. */
export function memoryStore(): StateStore {
  let kept: string | null = null;
  return {
    load: async () => (kept === null ? null : JSON.parse(kept) as State),
    save: async (state) => { kept = JSON.stringify(state); },
  };
}

/** Whose money a channel holds: the wallet that can take it back. */
export const ownerOf = ({ owner, payer }: StoredChannel): Address => owner ?? payer;

/**
 * A channel whose rest came back. A purse's is remembered: the next deposit of the same key opens it
 * again, and its totals go on where they stood.
 */
export const emptied = (channel: StoredChannel): StoredChannel =>
  ({ ...channel, balance: channel.charged, open: false });

/** What the call's side believes to be in it still. */
export const leftOf = ({ balance, charged }: StoredChannel): bigint =>
  BigInt(balance) - BigInt(charged);

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** Whether both pay the same service with the same key's signatures: then they are lanes of it. */
export const areLanes = (a: StoredChannel, b: StoredChannel): boolean => a.chainId === b.chainId
  && same(a.payer, b.payer) && same(a.config.payerAuthorizer, b.config.payerAuthorizer)
  && same(a.config.receiver, b.config.receiver) && same(a.config.token, b.config.token)
  && same(a.config.receiverAuthorizer, b.config.receiverAuthorizer);

/** What a service got so far on all lanes of a channel's key, less what came back. */
export const heldWith = (channels: StoredChannel[], channel: StoredChannel): bigint => channels
  .filter((one) => areLanes(one, channel)).reduce((sum, { balance }) => sum + BigInt(balance), 0n);

/** The most of it that one service got. */
export const largestHeld = (channels: StoredChannel[]): bigint => channels
  .reduce((most, one) => {
    const sum = heldWith(channels, one);
    return sum > most ? sum : most;
  }, 0n);

/** The channels of a State; each change is saved before it counts. */
export function channelsOf(state: State, save: () => Promise<void>): ChannelStore {
  const others = (id: Hex) => state.channels.filter(({ channelId }) => channelId !== id);
  const replace = (next: StoredChannel[]) => {
    state.channels = next;
    return save();
  };
  return {
    channel: async (id) => state.channels.find(({ channelId }) => channelId === id),
    channels: async () => [...state.channels],
    putChannel: (channel) => replace([...others(channel.channelId), channel]),
    removeChannel: (id) => replace(others(id)),
  };
}
