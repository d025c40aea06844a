// Messages of x402 version 2: what a node asks, what a buyer answers, what came of it. On HTTP each
// is a header of base64 of JSON.
import type { Address, Hex } from 'viem';
import type { ChannelConfig } from './types.ts';

export const PAYMENT_REQUIRED = 'PAYMENT-REQUIRED';
export const PAYMENT_SIGNATURE = 'PAYMENT-SIGNATURE';
export const PAYMENT_RESPONSE = 'PAYMENT-RESPONSE';
export const REFUSED = 'invalid_batch_settlement_evm_';

export type ChannelState = {
  channelId: Hex;
  balance: string;
  totalClaimed: string;
  withdrawRequestedAt: number;
  refundNonce: string;
  chargedCumulativeAmount?: string;
};

export type Requirements = {
  scheme: string;
  network: string;
  amount: string;
  asset: Address;
  payTo: Address;
  maxTimeoutSeconds: number;
  extra: {
    name: string;
    version: string;
    receiverAuthorizer?: Address;
    withdrawDelay?: number;
    minDeposit?: string;
    /** What a stream may be begun with by those who answer `stoa.voucher`. */
    leastAmount?: string;
    channelState?: ChannelState;
    voucherState?: { signedMaxClaimable: string; signature: Hex };
  };
};

export type PaymentRequired = {
  x402Version: number;
  error?: string;
  resource?: { url: string; description?: string; mimeType?: string };
  accepts: Requirements[];
};

export type VoucherFields = { channelId: Hex; maxClaimableAmount: string; signature: Hex };

export type PaymentPayload = {
  x402Version: 2;
  resource?: PaymentRequired['resource'];
  accepted: Requirements;
  payload: { type: 'voucher'; channelConfig: ChannelConfig; voucher: VoucherFields };
};

export type SettlementResponse = {
  success: boolean;
  errorReason?: string;
  errorMessage?: string;
  payer?: Address;
  transaction: Hex | '';
  network: string;
  amount?: string;
  extra?: { channelState?: ChannelState; chargedAmount?: string };
};

/** Standard base64 with padding, of UTF-8. */
export function encodeHeader(value: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Null for a header that is missing or isn't base64 of a JSON object. */
export function decodeHeader<T extends object>(header: string | null): T | null {
  if (!header) return null;
  try {
    const bytes = Uint8Array.from(atob(header), (char) => char.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value && typeof value === 'object' ? value as T : null;
  } catch {
    return null;
  }
}

/** The entry that a session can pay: x402 takes the first of this scheme and chain. */
export function channelRequirements(
  required: PaymentRequired | null, chainId: number,
): Requirements | null {
  return required?.accepts.find((entry) => entry.scheme === 'batch-settlement'
    && entry.network === `eip155:${chainId}`) ?? null;
}
