// Taking back what a channel has left. By the wallet's signature, carried by the node: it needs no
// session key, no gas, and nothing of what this device stores. And on chain, if the node is silent.
import { encodeFunctionData, type Hex } from 'viem';
import { channelsAbi } from './abi';
import type { Api } from './api';
import { channelIdOf, CHANNELS, Problem, refundTypedData } from '@stoa/client';
import type { DeviceStore } from './device_store';
import type { OnStep } from './step';
import type { Deployment, MoneyChannel } from './types';
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

/** All that isn't charged, back to the payer. Returns the sum. */
export async function refund(
  { api, provider, deployment, channel, store, onStep, now }:
  Refund & { api: Api; now?: () => number },
): Promise<bigint> {
  checkOwn(deployment, channel);
  const validBefore = (now?.() ?? Math.floor(Date.now() / 1000)) + VALID_SECONDS;
  const data = refundRequest(deployment, channel, validBefore);
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, channel.config.payer, data);
  onStep({ at: 'sent' });
  const done = await api.relay<{ channelId: Hex; amount: string }>('exit', {
    refundRequest: {
      channelId: channel.channelId, amount: '0', nonce: channel.refundNonce,
      validBefore: String(validBefore),
    },
    signature,
  });
  await store.removeChannel(channel.channelId).catch(() => undefined);
  onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
  return BigInt(done.amount);
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
  const amount = BigInt(channel.balance) - BigInt(channel.claimed);
  await sendAndWait({
    provider, rpc, from: channel.config.payer, onStep,
    to: CHANNELS,
    data: encodeFunctionData({
      abi: channelsAbi, functionName: 'initiateWithdraw', args: [channel.config, amount],
    }),
  });
}

/** The second step, once the delay is over. Anyone may send it; the money goes to the payer. */
export async function finishWithdrawal(
  { provider, channel, rpc, store, onStep }: Refund & { rpc: Provider },
): Promise<void> {
  await sendAndWait({
    provider, rpc, from: channel.config.payer, onStep,
    to: CHANNELS,
    data: encodeFunctionData({
      abi: channelsAbi, functionName: 'finalizeWithdraw', args: [channel.config],
    }),
  });
  await store.removeChannel(channel.channelId).catch(() => undefined);
}
