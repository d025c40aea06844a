// Channels of x402 batch-settlement: the wallet locks a deposit for one service, the session key
// promises totals of it. The same formats as stoa/payment/channel.hpp, checked by the same vectors.
import {
  encodeAbiParameters, hashTypedData, keccak256, type Address, type Hex, type TypedDataDomain,
} from 'viem';
import type { ChannelConfig, Token } from './types.ts';

/** The same on every chain, as in stock clients: no node can name others. */
export const CHANNELS: Address = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003';
export const DEPOSIT_COLLECTOR: Address = '0x4020806089470a89826cB9fB1f4059150b550004';

const CHANNEL_CONFIG = [
  { name: 'payer', type: 'address' },
  { name: 'payerAuthorizer', type: 'address' },
  { name: 'receiver', type: 'address' },
  { name: 'receiverAuthorizer', type: 'address' },
  { name: 'token', type: 'address' },
  { name: 'withdrawDelay', type: 'uint40' },
  { name: 'salt', type: 'bytes32' },
] as const;
const VOUCHER = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'maxClaimableAmount', type: 'uint128' },
] as const;
export const RECEIVE_WITH_AUTHORIZATION = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const;
const REFUND_REQUEST = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'amount', type: 'uint128' },
  { name: 'nonce', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
] as const;

const domain = (name: string, chainId: number, verifyingContract: Address): TypedDataDomain =>
  ({ name, version: '1', chainId, verifyingContract });

export const channelDomain = (chainId: number): TypedDataDomain =>
  domain('x402 Batch Settlement', chainId, CHANNELS);

/** The token's own domain, which its signatures are checked in. */
export const tokenDomain = (chainId: number, token: Token): TypedDataDomain =>
  ({ name: token.name, version: token.version, chainId, verifyingContract: token.address });

/** What the contract's getChannelId returns. */
export function channelIdOf(chainId: number, config: ChannelConfig): Hex {
  return hashTypedData({
    domain: channelDomain(chainId), types: { ChannelConfig: CHANNEL_CONFIG },
    primaryType: 'ChannelConfig', message: config,
  });
}

export function voucherTypedData(chainId: number, channelId: Hex, maxClaimableAmount: bigint) {
  return {
    domain: channelDomain(chainId), types: { Voucher: VOUCHER },
    primaryType: 'Voucher', message: { channelId, maxClaimableAmount },
  } as const;
}

/** The EIP-3009 nonce that binds the wallet's one signature to the channel. */
export function depositNonce(channelId: Hex, salt: bigint): Hex {
  return keccak256(encodeAbiParameters(
    [{ type: 'bytes32' }, { type: 'uint256' }], [channelId, salt]));
}

export type Authorization = {
  from: Address;
  to: Address;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: Hex;
};

export function authorizationTypedData(chainId: number, token: Token, message: Authorization) {
  return {
    domain: tokenDomain(chainId, token),
    types: { ReceiveWithAuthorization: RECEIVE_WITH_AUTHORIZATION },
    primaryType: 'ReceiveWithAuthorization', message,
  } as const;
}

export type RefundRequest = { channelId: Hex; amount: bigint; nonce: bigint; validBefore: bigint };

/** Ours, not x402's: signed by the wallet, so it works when the session key is lost. */
export function refundTypedData(chainId: number, message: RefundRequest) {
  return {
    domain: domain('Stoa Refund', chainId, CHANNELS), types: { RefundRequest: REFUND_REQUEST },
    primaryType: 'RefundRequest', message,
  } as const;
}
