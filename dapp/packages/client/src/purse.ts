// A purse: its owner's spending money, from which a session key opens channels with services within
// a policy that stands on chain. The formats of contracts/src/Purse.sol, checked by its vectors.
import {
  concatHex, encodeAbiParameters, getContractAddress, hashTypedData, numberToHex, parseSignature,
  type Address, type Hex, type TypedDataDomain,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { authorizationTypedData, channelIdOf, type Authorization } from './channel.ts';
import type { StoredChannel } from './store.ts';
import type { Receiver, Token } from './types.ts';

/** Of a purse's channels, as the contract fixes them. */
export const PURSE_WITHDRAW_DELAY = 3600;
/** A channel serves one call at a time, so a key may have several with one service: its lanes. */
export const PURSE_LANES = 4;
/** Where a deposit's data has the lane, in the word of the service. */
const LANE_BIT = 248n;
/** How long the relay may take to carry a signature. */
const VALID_SECONDS = 3600n;

/** What a session key may do with a purse; no services means any registered one. */
export type PursePolicy = {
  key: Address;
  token: Address;
  /** The most that it may lock from now on; what comes back from channels is not counted off. */
  cap: bigint;
  /** The most that it may lock in one day, in UTC. */
  capPerDay: bigint;
  /** The most that one service can get from it, ever. */
  capPerService: bigint;
  /** The first second, in Unix time, at which it may lock no more. */
  expires: number;
  services: bigint[];
};

const SET_POLICY = [
  { name: 'key', type: 'address' },
  { name: 'token', type: 'address' },
  { name: 'cap', type: 'uint96' },
  { name: 'capPerDay', type: 'uint96' },
  { name: 'capPerService', type: 'uint96' },
  { name: 'expires', type: 'uint40' },
  { name: 'services', type: 'uint256[]' },
  { name: 'nonce', type: 'uint256' },
] as const;
const REVOKE = [{ name: 'key', type: 'address' }, { name: 'nonce', type: 'uint256' }] as const;
const EXIT = [{ name: 'nonce', type: 'uint256' }] as const;
const SPEND = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'amount', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
] as const;

export const purseDomain = (chainId: number, purse: Address): TypedDataDomain =>
  ({ name: 'Stoa Purse', version: '1', chainId, verifyingContract: purse });

/**
 * What the contract's purseOf returns, also before the purse stands: a clone of the first contract
 * that `purses` made, with owner and token behind its code. Not asked of a node, so that none can
 * have money sent elsewhere.
 */
export function purseOf(
  { purses, chainId, owner, token }:
  { purses: Address; chainId: number; owner: Address; token: Address },
): Address {
  const implementation = getContractAddress({ from: purses, nonce: 1n });
  const bytecode = concatHex([
    '0x6100553d81600a3d39f3363d3d373d3d3d363d73', implementation,
    '0x5af43d82803e903d91602b57fd5bf3', owner, token,
  ]);
  return getContractAddress({
    opcode: 'CREATE2', from: purses, bytecode, salt: numberToHex(chainId, { size: 32 }),
  });
}

export function setPolicyTypedData(
  chainId: number, purse: Address, policy: PursePolicy, nonce: bigint,
) {
  return {
    domain: purseDomain(chainId, purse), types: { SetPolicy: SET_POLICY },
    primaryType: 'SetPolicy', message: { ...policy, nonce },
  } as const;
}

export function revokeTypedData(chainId: number, purse: Address, key: Address, nonce: bigint) {
  return {
    domain: purseDomain(chainId, purse), types: { Revoke: REVOKE },
    primaryType: 'Revoke', message: { key, nonce },
  } as const;
}

export function exitTypedData(chainId: number, purse: Address, nonce: bigint) {
  return {
    domain: purseDomain(chainId, purse), types: { Exit: EXIT },
    primaryType: 'Exit', message: { nonce },
  } as const;
}

export type Spend = { channelId: Hex; amount: bigint; nonce: bigint };

export function spendTypedData(chainId: number, purse: Address, message: Spend) {
  return {
    domain: purseDomain(chainId, purse), types: { Spend: SPEND },
    primaryType: 'Spend', message,
  } as const;
}

/** A policy as the node's relay takes it. */
export const policyFields = (policy: PursePolicy) => ({
  key: policy.key, token: policy.token, cap: policy.cap.toString(),
  capPerDay: policy.capPerDay.toString(), capPerService: policy.capPerService.toString(),
  expires: policy.expires, services: policy.services.map(String),
});

/**
 * What the wallet signs to put `value` into its purse and to give a key its policy, both by the one
 * signature: the authorisation's nonce is the digest of the policy. And how a node carries it.
 */
export function fundingOf(
  { chainId, token, owner, purse, policy, nonce, value, now }: {
    chainId: number; token: Token; owner: Address; purse: Address; policy: PursePolicy;
    nonce: bigint; value: bigint; now: number;
  },
) {
  const message: Authorization = {
    from: owner, to: purse, value, validAfter: 0n, validBefore: BigInt(now) + VALID_SECONDS,
    nonce: hashTypedData(setPolicyTypedData(chainId, purse, policy, nonce)),
  };
  return {
    data: authorizationTypedData(chainId, token, message),
    body: (signature: Hex) => ({
      owner, policy: policyFields(policy),
      funding: {
        value: value.toString(), validAfter: '0', validBefore: message.validBefore.toString(),
        signature,
      },
    }),
  };
}

/** A channel that the purse lets `key` have with a service, before it holds anything. */
export function purseChannel(
  { chainId, purse, owner, key, model, service, lane = 0, now }: {
    chainId: number; purse: Address; owner: Address; key: Address; model: string;
    service: Receiver; lane?: number; now: number;
  },
): StoredChannel {
  const config = {
    payer: purse, payerAuthorizer: key, receiver: service.receiver,
    receiverAuthorizer: service.receiverAuthorizer, token: service.token,
    withdrawDelay: PURSE_WITHDRAW_DELAY, salt: numberToHex(lane, { size: 32 }),
  };
  return {
    channelId: channelIdOf(chainId, config), chainId, payer: purse, owner, service: service.id,
    model, config, balance: '0', charged: '0', signedMax: '0', open: false, updatedAt: now,
  };
}

/** Which lane a purse's channel is; 0 for every other channel. */
export const laneOf = ({ owner, config }: Pick<StoredChannel, 'owner' | 'config'>): number =>
  (owner ? Number(BigInt(config.salt)) : 0);

/** The session key's signature that moves `amount` into the channel, and how a node carries it. */
export async function spendOf(
  { channel, amount, nonce, key }: {
    channel: StoredChannel; amount: bigint; nonce: number;
    key: Pick<PrivateKeyAccount, 'signTypedData'>;
  },
) {
  const signature = await key.signTypedData(spendTypedData(channel.chainId, channel.payer,
    { channelId: channel.channelId, amount, nonce: BigInt(nonce) }));
  return {
    signature,
    body: {
      channelConfig: channel.config,
      deposit: {
        amount: amount.toString(),
        authorization: { purseSpend: { service: channel.service, nonce: String(nonce), signature } },
      },
    },
  };
}

/** The same for whoever sends the deposit without a node: the `data` of Channels.deposit. */
export function collectData(
  { key, service, lane = 0, nonce, signature }:
  { key: Address; service: string; lane?: number; nonce: number; signature: Hex },
): Hex {
  const { r, s, yParity } = parseSignature(signature);
  const vs = numberToHex(BigInt(s) | (BigInt(yParity) << 255n), { size: 32 });
  return encodeAbiParameters(
    [{ type: 'address' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes32' }, { type: 'bytes32' }],
    [key, BigInt(service) | BigInt(lane) << LANE_BIT, BigInt(nonce), r, vs]);
}
