// Taking back what a channel has left. By the wallet's signature, carried by the node: it needs no
// session key, no gas, and nothing of what this device stores. And on chain, if the node is silent.
import { encodeFunctionData, type Address, type Hex } from 'viem';
import { channelsAbi, purseAbi } from './abi';
import type { Api } from './api';
import { channelIdOf, CHANNELS, emptied, Problem, refundTypedData } from '@stoa/client';
import type { DeviceStore } from './device_store';
import type { OnStep } from './step';
import type { ChannelConfig, Deployment, MoneyChannel } from './types';
import { sendAndWait } from './transaction';
import { signTyped, type Provider } from './wallet';

const VALID_SECONDS = 3600;

export function refundRequest(deployment: Deployment, channel: MoneyChannel, validBefore: number) {
  return refundTypedData(deployment.chainId, {
    channelId: channel.channelId, amount: 0n, nonce: BigInt(channel.refundNonce),
    validBefore: BigInt(validBefore),
  });
}

type Refund = {
  provider: Provider;
  deployment: Deployment;
  channel: MoneyChannel;
  store: DeviceStore;
  onStep: OnStep;
};

/** Whose wallet signs for a channel: the payer's, or the purse's owner's. */
const holderOf = ({ owner, config }: MoneyChannel) => owner ?? config.payer;

/** All that isn't charged, back to the payer: the wallet, or its purse. Returns the sum. */
export async function refund(
  { api, provider, deployment, channel, store, onStep, now }:
  Refund & { api: Api; now?: () => number },
): Promise<bigint> {
  checkOwn(deployment, channel);
  const validBefore = (now?.() ?? Math.floor(Date.now() / 1000)) + VALID_SECONDS;
  const data = refundRequest(deployment, channel, validBefore);
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, holderOf(channel), data);
  onStep({ at: 'sent' });
  const done = await api.relay<{ channelId: Hex; amount: string }>('exit', {
    refundRequest: {
      channelId: channel.channelId, amount: '0', nonce: channel.refundNonce,
      validBefore: String(validBefore),
    },
    signature,
  });
  await forget(store, channel.channelId);
  onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
  return BigInt(done.amount);
}

async function forget(store: DeviceStore, channelId: Hex): Promise<void> {
  try {
    const kept = await store.channel(channelId);
    // A purse's channel may open again, and its totals go on.
    if (kept?.owner) await store.putChannel(emptied(kept));
    else await store.removeChannel(channelId);
  } catch {
    // The money is back; what this device remembers is corrected by the next report.
  }
}

/** A node can't have a wallet sign for another channel than the one it shows. */
function checkOwn({ chainId }: Deployment, { channelId, config }: MoneyChannel): void {
  if (channelIdOf(chainId, config).toLowerCase() === channelId.toLowerCase()) return;
  throw new Problem(0, 'channel_id_mismatch', 'The node describes this session wrongly.',
    'Nothing was signed. Ask the contract itself, below.');
}

/** Without the node: asks the contract for the rest. It can be taken after the channel's delay. */
export async function startWithdrawal(
  { provider, channel, rpc, onStep }: Refund & { rpc: Provider },
): Promise<void> {
  const { config, purse } = channel;
  const amount = BigInt(channel.balance) - BigInt(channel.claimed);
  await sendAndWait({
    provider, rpc, from: holderOf(channel), onStep,
    ...(purse ? closing(purse, [config]) : {
      to: CHANNELS,
      data: encodeFunctionData({
        abi: channelsAbi, functionName: 'initiateWithdraw', args: [config, amount],
      }),
    }),
  });
}

/** The second step, once the delay is over. Anyone may send it; the money goes to the payer. */
export async function finishWithdrawal(
  { provider, channel, rpc, store, onStep }: Refund & { rpc: Provider },
): Promise<void> {
  const { config, purse } = channel;
  await sendAndWait({
    provider, rpc, from: holderOf(channel), onStep,
    ...(purse ? closing(purse, [config]) : {
      to: CHANNELS,
      data: encodeFunctionData({
        abi: channelsAbi, functionName: 'finalizeWithdraw', args: [config],
      }),
    }),
  });
  await forget(store, channel.channelId);
}

/** A purse asks for the rest of its channels, and takes what is due: the same call does both. */
const closing = (purse: Address, configs: ChannelConfig[]) => ({
  to: purse, data: encodeFunctionData({ abi: purseAbi, functionName: 'close', args: [configs] }),
});

type Leave = { provider: Provider; rpc: Provider; owner: Address; purse: Address; onStep: OnStep };

/** Without a node: ends all keys of the purse. From then on everything that comes home is the owner's. */
export const leavePurse = ({ purse, owner, ...rest }: Leave) => sendAndWait({
  ...rest, from: owner, to: purse,
  data: encodeFunctionData({ abi: purseAbi, functionName: 'exit', args: ['0x'] }),
});

/** After that: what the purse holds goes to the owner, and its channels follow after their delay. */
export const closePurse = ({ purse, owner, configs, ...rest }: Leave & { configs: ChannelConfig[] }) =>
  sendAndWait({ ...rest, from: owner, ...closing(purse, configs) });
