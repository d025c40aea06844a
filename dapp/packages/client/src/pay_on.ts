// Paying on for a stream while it runs. It is begun with a promise for its first tokens alone, and
// the node asks for more before that is used up: so never more than one such step is at stake.
import type { Hex } from 'viem';
import { voucherTypedData } from './channel.ts';
import type { PaidCall } from './paid_call.ts';
import type { Requirements } from './x402.ts';

/** `stoa.voucher`: the node accepted a total of so much, and goes on for `required`. */
export type VoucherAsk = {
  channelId: Hex;
  accepted: string;
  required: string;
  deadlineMs: number;
};

/** Resolves with whether the node took a larger promise; without one the stream ends at its limit. */
export type PayOn = (ask: VoucherAsk) => Promise<boolean>;

/** What a call is begun with: all that it can cost, or for one that is paid on for its least. */
export function firstAmount(payOn: boolean | undefined, { amount, extra }: Requirements): bigint {
  const bound = BigInt(amount);
  if (!payOn || extra.leastAmount === undefined) return bound;
  const least = BigInt(extra.leastAmount);
  return least > 0n && least < bound ? least : bound;
}

const TRIES = 3;

/** For one call of `bound` at most, of which `first` is promised, on top of `charged`. */
export function payOnFor(
  call: PaidCall, url: string, { charged, bound, first }: Record<'charged' | 'bound' | 'first', bigint>,
): PayOn {
  const { store, key, channelId, fetch: fetchFn = fetch } = call;
  const most = charged + bound;
  let promised = charged + first;
  let step = 0n;

  return async (ask) => {
    const required = BigInt(ask.required);
    const channel = await store.channel(channelId);
    // More than it asked for at first, or what was never promised, is not the node's to ask.
    if (!channel || ask.channelId.toLowerCase() !== channelId.toLowerCase()) return false;
    if (BigInt(ask.accepted) !== promised || required <= promised || required > most) return false;
    const balance = BigInt(channel.balance);
    const needed = required - promised;
    for (const wish of [2n * step > needed ? 2n * step : needed, needed]) {
      const total = [promised + wish, most, balance].reduce((a, b) => (a < b ? a : b));
      if (total < required) return false;
      const growth = total - BigInt(channel.signedMax);
      try {
        await call.approve?.({ bound: total - charged, growth: growth > 0n ? growth : 0n });
      } catch {
        continue; // Less may still be within the limits.
      }
      const signature = await key.signTypedData(
        voucherTypedData(channel.chainId, channelId, total));
      if (growth > 0n) await store.putChannel({ ...channel, signedMax: total.toString() });
      step = total - promised;
      promised = total;
      return post(fetchFn, new URL('/x402/voucher', url).href,
        { channelId, maxClaimableAmount: total.toString(), signature }, ask.deadlineMs);
    }
    return false;
  };
}

/** The same voucher may be sent again: a node takes it once. */
async function post(
  fetchFn: typeof fetch, url: string, body: object, deadlineMs: number,
): Promise<boolean> {
  const signal = AbortSignal.timeout(deadlineMs);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const { status } = await fetchFn(url, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body), signal,
      });
      if (status < 500) return status === 204;
    } catch {
      if (signal.aborted) return false;
    }
  }
  return false;
}
