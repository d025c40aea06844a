// Buying a licence by one signature: an EIP-3009 authorisation whose nonce is the hash of the whole
// order, so that the sum, the offer, its terms and the holder stand or fall together.
import { hashTypedData, hexToBigInt, keccak256, stringToBytes, type Address, type Hex } from 'viem';
import type { Api } from './api';
import { authorizationTypedData } from './channel';
import { Problem } from './problem';
import { randomSalt } from './session_key';
import type { OnStep } from './step';
import type { Deployment, Offer, Token } from './types';
import { signTyped, type Provider } from './wallet';

const ZERO: Address = '0x0000000000000000000000000000000000000000';
const VALID_SECONDS = 3600n;

export type Order = {
  offer: bigint;
  termsDigest: Hex;
  holder: Address;
  n: number;
  token: Address;
  maxPrice: bigint;
  deadline: bigint;
  hall: Address;
  relayFee: bigint;
  salt: bigint;
};

const ORDER = [
  { name: 'offer', type: 'uint256' },
  { name: 'termsDigest', type: 'bytes32' },
  { name: 'holder', type: 'address' },
  { name: 'n', type: 'uint32' },
  { name: 'token', type: 'address' },
  { name: 'maxPrice', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
  { name: 'hall', type: 'address' },
  { name: 'relayFee', type: 'uint256' },
  { name: 'salt', type: 'uint256' },
] as const;

/** What the market's hashOrder returns. */
export function orderHash(chainId: number, market: Address, order: Order): Hex {
  return hashTypedData({
    domain: { name: 'Stoa Market', version: '1', chainId, verifyingContract: market },
    types: { Order: ORDER }, primaryType: 'Order', message: order,
  });
}

/** The most that the order can take. */
export const orderSum = ({ maxPrice, relayFee }: Pick<Order, 'maxPrice' | 'relayFee'>): bigint =>
  maxPrice + relayFee;

/** Whether the legal text is the one that the offer promises on chain. */
export const termsMatch = (terms: string, digest: Hex): boolean =>
  keccak256(stringToBytes(terms)) === digest.toLowerCase();

/** The most that may be paid: the price itself where it is fixed, else the price and two per cent. */
export function maxPriceOf(offer: Offer): bigint {
  const price = BigInt(offer.price.amount);
  const terms = offer.prices.find(({ token }) =>
    token.toLowerCase() === offer.price.token.toLowerCase());
  if (!terms || terms.floor === terms.cap) return price;
  const raised = price + (price + 49n) / 50n;
  return raised > BigInt(terms.cap) ? BigInt(terms.cap) : raised;
}

export function marketOf({ contracts }: Deployment): Address {
  if (!contracts.Market) throw new Problem(0, 'no_market', 'This node names no market contract.');
  return contracts.Market;
}

export function licencePreview(
  deployment: Deployment, token: Token, holder: Address, sum: bigint,
) {
  return authorizationTypedData(deployment.chainId, token, {
    from: holder, to: marketOf(deployment), value: sum, validAfter: 0n, validBefore: 0n,
    nonce: `0x${'0'.repeat(64)}`,
  });
}

export async function buyLicence(
  { api, provider, deployment, token, offer, holder, relayFee, onStep, now }: {
    api: Api; provider: Provider; deployment: Deployment; token: Token; offer: Offer;
    holder: Address; relayFee: bigint; onStep: OnStep; now?: () => number;
  },
): Promise<{ licences: string[]; price: string; transaction: Hex }> {
  const time = BigInt(now?.() ?? Math.floor(Date.now() / 1000));
  const order: Order = {
    offer: BigInt(offer.id), termsDigest: offer.termsDigest, holder, n: 1,
    token: offer.price.token, maxPrice: maxPriceOf(offer), deadline: time + VALID_SECONDS,
    hall: ZERO, relayFee, salt: hexToBigInt(randomSalt()),
  };
  const market = marketOf(deployment);
  const data = authorizationTypedData(deployment.chainId, token, {
    from: holder, to: market, value: orderSum(order), validAfter: 0n,
    validBefore: order.deadline, nonce: orderHash(deployment.chainId, market, order),
  });
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, holder, data);
  onStep({ at: 'sent' });
  const done = await api.relay<{ licences: string[]; price: string }>('order', {
    order: {
      ...order, offer: offer.id, maxPrice: order.maxPrice.toString(),
      deadline: Number(order.deadline), relayFee: relayFee.toString(), salt: order.salt.toString(),
    },
    authorization: {
      from: holder, validAfter: 0, validBefore: Number(order.deadline), signature,
    },
  });
  onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
  return done;
}
