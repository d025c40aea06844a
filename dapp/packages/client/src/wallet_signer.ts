import type { Address, Hex } from 'viem';
import type { Signer } from './context.ts';

type TypedData = {
  domain: object;
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: object;
};

const DOMAIN_FIELDS = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];

/** Typed data as eth_signTypedData_v4 wants it. */
export function typedDataText({ domain, types, primaryType, message }: TypedData): string {
  return JSON.stringify({
    types: { EIP712Domain: DOMAIN_FIELDS, ...types }, domain, primaryType, message,
  }, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

/** A browser's wallet (EIP-1193) as a signer; it must be on the node's chain. */
export function walletSigner(
  provider: { request: (args: { method: string; params: unknown[] }) => Promise<unknown> },
  address: Address,
): Signer {
  return {
    address,
    signTypedData: async (data) => await provider.request({
      method: 'eth_signTypedData_v4', params: [address, typedDataText(data as TypedData)],
    }) as Hex,
  };
}
