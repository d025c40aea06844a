import { IDBFactory } from 'fake-indexeddb';
import type { Address, Hex } from 'viem';
import {
  channelIdOf, type ChannelState, encodeHeader, type PaymentPayload, randomSalt, type
  Requirements, type StoredChannel,
} from '@stoa/client';
import { createDeviceStore } from '../../src/lib/device_store';
import { sessionKey } from '../../src/lib/session_key';

export const CHAIN = 713371;
export const PAYER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
export const TOKEN: Address = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const RECEIVER: Address = '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc';
export const AUTHORIZER: Address = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
export const URL = 'https://node.example/m/x/v1/chat/completions';

export const newStore = () => createDeviceStore(new IDBFactory() as unknown as IDBFactory);

export async function openChannel(balance = '1000000', charged = '0', signedMax = '0') {
  const store = newStore();
  const key = await sessionKey(store, CHAIN, PAYER);
  const config = {
    payer: PAYER, payerAuthorizer: key.address, receiver: RECEIVER, receiverAuthorizer: AUTHORIZER, token: TOKEN,
    withdrawDelay: 3600, salt: randomSalt(),
  };
  const channel: StoredChannel = {
    channelId: channelIdOf(CHAIN, config), chainId: CHAIN, payer: PAYER, service: '1', model: '1', config, balance, charged,
    signedMax, open: true, updatedAt: 0,
  };
  await store.putChannel(channel);
  return { store, key, channel, channelId: channel.channelId };
}

export const terms = (amount: string, extra: Partial<Requirements['extra']> = {}): Requirements => ({
  scheme: 'batch-settlement', network: `eip155:${CHAIN}`, amount, asset: TOKEN, payTo: RECEIVER, maxTimeoutSeconds: 600,
  extra: { name: 'Test USD', version: '1', receiverAuthorizer: AUTHORIZER, withdrawDelay: 3600, minDeposit: '10000', ...extra },
});

export const asks = (entry: Requirements, error = 'Payment required', headers: Record<string, string> = {}): Response =>
  new Response('{}', { status: 402, headers: { ...headers, 'payment-required': encodeHeader({ x402Version: 2, error, accepts: [entry] }) } });

export const stateOf = (channelId: Hex, charged: string, balance = '1000000'): ChannelState => ({
  channelId, balance, totalClaimed: '0', withdrawRequestedAt: 0, refundNonce: '0', chargedCumulativeAmount: charged,
});

export const paid = (channelId: Hex, charge: string, total: string): string => encodeHeader({
  success: true, transaction: '', network: `eip155:${CHAIN}`, extra: { channelState: stateOf(channelId, total), chargedAmount: charge },
});

/** A node that gives these answers, in order, and remembers what it was sent. */
export function nodeOf(...answers: ((payment: PaymentPayload | null) => Response | Promise<Response>)[]) {
  const payments: (PaymentPayload | null)[] = [];
  const fetch = (async (_: unknown, init?: RequestInit) => {
    const header = new Headers(init?.headers).get('payment-signature');
    const payment = header ? JSON.parse(atob(header)) as PaymentPayload : null;
    payments.push(payment);
    const answer = answers.shift();
    if (!answer) throw new Error('one request too many');
    return answer(payment);
  }) as typeof globalThis.fetch;
  return { fetch, payments, left: answers };
}
