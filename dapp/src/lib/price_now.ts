// What an offer's price does, in words and points: docs/reference/http.md, OfferPrices.
import { sale } from './price_curve';
import type { Offer, OfferPrices } from './types';

const BILLION = 1e9;
const WAD = 1e18;

/** Whether demand moves what the offer costs. */
export const moves = ({ prices }: Offer): boolean => prices.some(({ floor, cap }) => floor !== cap);

/** Sales above the target that double the price: a figure for people, never for a sum. */
export const doublesAfter = ({ sensitivity }: OfferPrices): number => (Number(sensitivity) / BILLION) * Math.LN2;
export const perDay = ({ targetPerDay }: OfferPrices): number => Number(targetPerDay) / BILLION;
export const above = ({ excess }: OfferPrices): number => Number(excess) / WAD;

/** Days without a sale until the price is at its floor. */
export const daysToFloor = (prices: OfferPrices): number => above(prices) / perDay(prices);

/** What the next licence costs after `n` more sales, in the token's smallest unit. */
export function priceAfter(prices: OfferPrices, n: number): bigint {
  const curve = {
    floor: BigInt(prices.floor), cap: BigInt(prices.cap), sensitivity: BigInt(prices.sensitivity) * 1_000_000_000n,
  };
  if (n === 0) return BigInt(prices.price);
  return sale(curve, sale(curve, BigInt(prices.excess), n).next, 1).total;
}

export interface Point { time: number; price: bigint }

/** What each licence was sold for, rounded up, and what the next one costs now. */
export function history(prices: OfferPrices, now: number): Point[] {
  const sold = prices.sales.map(({ time, n, amount }) => ({
    time, price: (BigInt(amount) + BigInt(n) - 1n) / BigInt(n),
  }));
  return [...sold, { time: Math.max(now, sold.at(-1)?.time ?? now), price: BigInt(prices.price) }];
}
