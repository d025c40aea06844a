// A call paid from a channel, by the session key: ask, learn the price, promise it, get the answer.
import { recoverTypedDataAddress, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { voucherTypedData } from './channel.ts';
import { firstAmount, payOnFor, type PayOn } from './pay_on.ts';
import type { Promised } from './policy.ts';
import { Problem, problemOf, unreachable } from './problem.ts';
import type { ChannelStore, StoredChannel } from './store.ts';
import {
  channelRequirements, decodeHeader, encodeHeader, PAYMENT_REQUIRED, PAYMENT_RESPONSE,
  PAYMENT_SIGNATURE, REFUSED, type PaymentPayload, type PaymentRequired, type Requirements,
  type SettlementResponse,
} from './x402.ts';

/** The channel can't carry this call: it needs `missing` more units. */
export class SessionSpent extends Error {
  readonly missing: bigint;

  constructor(missing: bigint) {
    super('This session has too little left for the call.');
    this.name = 'SessionSpent';
    this.missing = missing;
  }
}

type Channels = Pick<ChannelStore, 'channel' | 'putChannel'>;

export type PaidCall = {
  store: Channels;
  key: PrivateKeyAccount;
  channelId: Hex;
  /** Told what is about to be promised, before it is signed; throws where that is too much. */
  approve?: (promised: Promised) => void | Promise<void>;
  /** A stream is begun with its least amount; the caller hands `stoa.voucher` to `payOn`. */
  payOn?: boolean;
  /** The caller adds what is missing: then the channel must hold all that the call can cost. */
  refills?: boolean;
  fetch?: typeof fetch;
  pause?: (ms: number) => Promise<void>;
};

const MAX_BUSY_TRIES = 5;

/**
 * Fetches with payment. The answer's body is untouched; `finish` books what the call cost, from the
 * header or from the receipt of a stream. Throws SessionSpent, Problem.
 */
export async function paidFetch(
  call: PaidCall, url: string, init: RequestInit,
): Promise<{ response: Response; offered: bigint; payOn?: PayOn }> {
  const { store, key, channelId, fetch: fetchFn = fetch, pause = wait } = call;
  const send = async (payment?: PaymentPayload) => {
    const headers = new Headers(init.headers);
    if (payment) headers.set(PAYMENT_SIGNATURE, encodeHeader(payment));
    try {
      return await fetchFn(url, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw unreachable(cause);
    }
  };

  let channel = await open(store, channelId);
  const first = await send();
  if (first.status !== 402) {
    if (!first.ok) throw await problemOf(first);
    return { response: first, offered: 0n };
  }
  const required = decodeHeader<PaymentRequired>(first.headers.get(PAYMENT_REQUIRED));
  await first.body?.cancel();
  const terms = channelRequirements(required, channel.chainId);
  if (!required || !terms) {
    throw new Problem(402, 'no_channel_offer', 'This model does not take payment by session.');
  }
  checkTerms(channel, terms);
  const bound = BigInt(terms.amount);
  const amount = firstAmount(call.payOn, terms);
  const accepted = { ...terms, amount: amount.toString() };

  let corrected = false;
  for (let busy = 0; ; ) {
    const need = call.refills ? bound : amount;
    const payment = await paymentFor(call, channel, required, accepted, need);
    const response = await send(payment);
    if (response.status !== 402) {
      if (!response.ok) throw await problemOf(response);
      await book(store, channelId, decodeHeader(response.headers.get(PAYMENT_RESPONSE)));
      if (amount === bound) return { response, offered: amount };
      const charged = BigInt(channel.charged);
      return { response, offered: amount, payOn: payOnFor(call, url, { charged, bound, first: amount }) };
    }
    const refusal = decodeHeader<PaymentRequired>(response.headers.get(PAYMENT_REQUIRED));
    const failed = decodeHeader<SettlementResponse>(response.headers.get(PAYMENT_RESPONSE));
    const code = refusal?.error ?? failed?.errorReason ?? 'payment_refused';
    if (code === `${REFUSED}channel_busy` && ++busy < MAX_BUSY_TRIES) {
      await response.body?.cancel();
      await pause(1000 * Number(response.headers.get('retry-after') ?? '1'));
      channel = await open(store, channelId);
    } else if (!corrected && refusal && isCorrection(code)) {
      await response.body?.cancel();
      corrected = true;
      channel = await adopt(store, key, channel,
        channelRequirements(refusal, channel.chainId) ?? terms);
    } else {
      const problem = await problemOf(response);
      throw new Problem(402, code, problem.code === '402' ? refusalText(code) : problem.message,
        problem.fix);
    }
  }
}

const wait = (ms: number) => new Promise<void>((resolve) => { setTimeout(resolve, ms); });

const isCorrection = (code: string) => code === `${REFUSED}cumulative_amount_mismatch`
  || code === `${REFUSED}cumulative_below_claimed`;

const refusalText = (code: string) => `The node refused the payment: ${
  code.replace(REFUSED, '').replaceAll('_', ' ')}.`;

async function open(store: Channels, channelId: Hex): Promise<StoredChannel> {
  const channel = await store.channel(channelId);
  if (!channel) throw new Error('This device does not know the session.');
  return channel;
}

/** The price must be asked for the very service that the deposit was made for. */
function checkTerms({ config }: StoredChannel, terms: Requirements): void {
  const same = (a?: string, b?: string) => a?.toLowerCase() === b?.toLowerCase();
  if (same(terms.payTo, config.receiver) && same(terms.asset, config.token)
    && same(terms.extra.receiverAuthorizer, config.receiverAuthorizer)) return;
  throw new Problem(402, 'service_changed',
    'The provider has changed this service since the session was opened.',
    'Take the rest of this session back and open a new one.');
}

async function paymentFor(
  { store, key, approve }: PaidCall, channel: StoredChannel, required: PaymentRequired,
  terms: Requirements, need: bigint,
): Promise<PaymentPayload> {
  const total = BigInt(channel.charged) + BigInt(terms.amount);
  const missing = BigInt(channel.charged) + need - BigInt(channel.balance);
  if (missing > 0n) throw new SessionSpent(missing);
  const growth = total - BigInt(channel.signedMax);
  await approve?.({ bound: BigInt(terms.amount), growth: growth > 0n ? growth : 0n });
  const signature = await key.signTypedData(
    voucherTypedData(channel.chainId, channel.channelId, total));
  if (growth > 0n) {
    // Before it leaves: so that later a node's word can be held against what was really signed.
    await store.putChannel({ ...channel, signedMax: total.toString() });
  }
  return {
    x402Version: 2,
    ...(required.resource && { resource: required.resource }),
    accepted: terms,
    payload: {
      type: 'voucher', channelConfig: channel.config,
      voucher: { channelId: channel.channelId, maxClaimableAmount: total.toString(), signature },
    },
  };
}

/** Takes a node's word on what was charged, as far as our own signatures bear it out. */
async function adopt(
  store: Channels, key: PrivateKeyAccount, channel: StoredChannel, terms: Requirements,
): Promise<StoredChannel> {
  const { channelState: state, voucherState: last } = terms.extra;
  const charged = BigInt(state?.chargedCumulativeAmount ?? state?.totalClaimed ?? '-1');
  const wrong = () => new Problem(402, 'state_not_proven',
    'The node names a charge that your signatures do not bear out.',
    'Take the rest of the session back under Sessions and money.');
  if (!state || charged < 0n || charged > BigInt(state.balance)) throw wrong();
  if (last) {
    const signer = await recoverTypedDataAddress({
      ...voucherTypedData(channel.chainId, channel.channelId, BigInt(last.signedMaxClaimable)),
      signature: last.signature,
    });
    if (signer !== key.address || charged > BigInt(last.signedMaxClaimable)) throw wrong();
  } else if (charged > BigInt(channel.signedMax)) {
    throw wrong();
  }
  const next = {
    ...channel, charged: charged.toString(), balance: state.balance, updatedAt: now(),
  };
  await store.putChannel(next);
  return next;
}

/** Books a call's charge: from PAYMENT-RESPONSE, or from the receipt event that ends a stream. */
export async function book(
  store: Channels, channelId: Hex, answer: SettlementResponse | null,
): Promise<StoredChannel | null> {
  const state = answer?.success ? answer.extra?.channelState : undefined;
  const charged = state?.chargedCumulativeAmount;
  const channel = await store.channel(channelId);
  if (!state || charged === undefined || !channel) return null;
  // More than was ever signed can't be claimed, whatever the node says.
  if (BigInt(charged) > BigInt(channel.signedMax)) return null;
  const next = { ...channel, charged, balance: state.balance, updatedAt: now() };
  await store.putChannel(next);
  return next;
}

const now = () => Math.floor(Date.now() / 1000);
