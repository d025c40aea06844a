// What a node says of money, as docs/reference/http.md has it. Amounts are decimal strings of a
// token's smallest unit, times are Unix seconds.
import type { Address, Hex } from 'viem';

export type Token = {
  symbol: string;
  name: string;
  version: string;
  address: Address;
  decimals: number;
  eip3009: boolean;
  permit: boolean;
};

export type ChannelConfig = {
  payer: Address;
  payerAuthorizer: Address;
  receiver: Address;
  receiverAuthorizer: Address;
  token: Address;
  withdrawDelay: number;
  salt: Hex;
};

/** Of a service, what says who is paid. */
export type Receiver = {
  id: string;
  receiver: Address;
  receiverAuthorizer: Address;
  token: Address;
};
