// Buying a licence by one signature: an EIP-3009 authorisation whose nonce is the hash of the whole
// order, so that the sum, the offer, its terms and the holder stand or fall together.
import {
  encodeFunctionData, hashTypedData, keccak256, stringToBytes, type Address, type Hex,
} from 'viem';
import { marketAbi, tokenAbi } from './abi';
import type { Api } from './api';
import { authorizationTypedData, Problem, randomSalt } from '@stoa/client';
import type { OnStep } from './step';
import { sendAndWait } from './transaction';
import type { Deployment, Offer, Token } from './types';
import { ask, signTyped, type Provider } from './wallet';

const VALID_SECONDS = 3600n;

export type Order = {
  offer: bigint;
  termsDigest: Hex;
  holder: Address;
  n: bigint;
  token: Address;
  /** The most that leaves the buyer's account, the relay's fee included. */
  maxPrice: bigint;
  deadline: bigint;
  hall: bigint;
  relayFee: bigint;
  salt: Hex;
};

const ORDER = [
  { name: 'offer', type: 'uint256' },
  { name: 'termsDigest', type: 'bytes32' },
  { name: 'holder', type: 'address' },
  { name: 'n', type: 'uint256' },
  { name: 'token', type: 'address' },
  { name: 'maxPrice', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
  { name: 'hall', type: 'uint256' },
  { name: 'relayFee', type: 'uint256' },
  { name: 'salt', type: 'bytes32' },
] as const;

/** What the market's orderDigest returns. */
export function orderDigest(chainId: number, market: Address, order: Order): Hex {
  return hashTypedData({
    domain: { name: 'Stoa Market', version: '1', chainId, verifyingContract: market },
    types: { Order: ORDER }, primaryType: 'Order', message: order,
  });
}

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

type Purchase = {
  provider: Provider;
  deployment: Deployment;
  token: Token;
  offer: Offer;
  holder: Address;
  onStep: OnStep;
  now?: () => number;
};

function orderOf({ offer, holder, now }: Purchase, relayFee: bigint): Order {
  return {
    offer: BigInt(offer.id), termsDigest: offer.termsDigest, holder, n: 1n,
    token: offer.price.token, maxPrice: maxPriceOf(offer) + relayFee,
    deadline: BigInt(now?.() ?? Math.floor(Date.now() / 1000)) + VALID_SECONDS, hall: 0n, relayFee,
    salt: randomSalt(),
  };
}

export type Bought = { licences: string[]; price: string; transaction: Hex; block: number };

/** One signature, carried by the node, which pays the network for it. */
export async function buyLicence(
  purchase: Purchase & { api: Api; relayFee: bigint },
): Promise<Bought> {
  const { api, provider, deployment, token, holder, relayFee, onStep } = purchase;
  const order = orderOf(purchase, relayFee);
  const market = marketOf(deployment);
  const data = authorizationTypedData(deployment.chainId, token, {
    from: holder, to: market, value: order.maxPrice, validAfter: 0n, validBefore: order.deadline,
    nonce: orderDigest(deployment.chainId, market, order),
  });
  onStep({ at: 'waiting', what: 'signature', data });
  const signature = await signTyped(provider, holder, data);
  onStep({ at: 'sent' });
  const done = await api.relay<{ licences: string[]; price: string }>('order', {
    order: {
      offer: order.offer, termsDigest: order.termsDigest, holder, n: order.n,
      token: order.token, maxPrice: order.maxPrice, deadline: order.deadline,
      hall: order.hall, relayFee, salt: order.salt,
    },
    authorization: {
      from: holder, validAfter: '0', validBefore: order.deadline, signature,
    },
  });
  onStep({ at: 'confirmed', transaction: done.transaction, block: done.block });
  return done;
}

/** Two transactions from the wallet itself, where no node carries a signature: allow, then buy. */
export async function buyByTransactions(
  purchase: Purchase & { rpc: Provider },
): Promise<{ transaction: Hex; block: number }> {
  const { provider, rpc, deployment, token, holder, onStep } = purchase;
  const market = marketOf(deployment);
  const order = orderOf(purchase, 0n);
  const send = { provider, rpc, from: holder, onStep };
  const allowed = BigInt(await ask<Hex>(rpc, 'eth_call', [{
    to: token.address,
    data: encodeFunctionData({ abi: tokenAbi, functionName: 'allowance', args: [holder, market] }),
  }, 'latest']));
  if (allowed < order.maxPrice) {
    await sendAndWait({
      ...send, to: token.address,
      data: encodeFunctionData({
        abi: tokenAbi, functionName: 'approve', args: [market, order.maxPrice],
      }),
    });
  }
  return sendAndWait({
    ...send, to: market,
    data: encodeFunctionData({ abi: marketAbi, functionName: 'buy', args: [order] }),
  });
}
