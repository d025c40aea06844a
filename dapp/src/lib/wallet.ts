// What a page asks of a wallet (EIP-1193), and what it makes of the answers. MetaMask's own habits
// are named where they matter.
import { typedDataText } from '@stoa/client';
import { keccak256, numberToHex, type Address, type Hex } from 'viem';
import type { Deployment } from './types';

export type Provider = {
  request(args: { method: string; params?: unknown }): Promise<unknown>;
};

export type WalletTrouble =
  | 'refused' | 'busy' | 'unauthorised' | 'unsupported' | 'wrong_chain' | 'network' | 'other';

/** What went wrong at the wallet, in words for its owner. */
export class WalletError extends Error {
  readonly trouble: WalletTrouble;
  readonly fix: string | undefined;

  constructor(trouble: WalletTrouble, message: string, fix?: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'WalletError';
    this.trouble = trouble;
    this.fix = fix;
  }
}

/** Finds the code of the wallet under the wrappings of libraries. */
export function codeOf(error: unknown): number | null {
  for (let at: unknown = error, depth = 0; at && depth < 8; depth++) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === 'number') return code;
    at = cause;
  }
  return null;
}

function messageOf(error: unknown): string {
  const { details, shortMessage, message } = (error ?? {}) as Record<string, unknown>;
  for (const text of [details, shortMessage, message]) {
    if (typeof text === 'string' && text !== '') return text;
  }
  return 'The wallet gave no reason.';
}

/** The one place where a wallet's codes become words. */
export function walletError(error: unknown): WalletError {
  if (error instanceof WalletError) return error;
  const message = messageOf(error);
  switch (codeOf(error)) {
    case 4001:
      return new WalletError('refused', 'You declined it in your wallet. Nothing was sent.',
        undefined, error);
    case 4100:
      return new WalletError('unauthorised', 'The wallet has not opened this account to the page.',
        'Disconnect and connect again, choosing the account.', error);
    case -32002:
      return /pending/i.test(message)
        ? new WalletError('busy', 'A request is already waiting in your wallet.',
          'Open your wallet, answer it, then try again.', error)
        : new WalletError('network', 'The wallet cannot reach the network.',
          'Wait half a minute and try again.', error);
    case -32601: case -32004: case 4200:
      return new WalletError('unsupported', 'Your wallet cannot do this.', message, error);
    default:
      return new WalletError('other', message, undefined, error);
  }
}

export async function ask<T>(provider: Provider, method: string, params?: unknown): Promise<T> {
  try {
    return await provider.request(params === undefined ? { method } : { method, params }) as T;
  } catch (error) {
    throw walletError(error);
  }
}

/** Asked anew each time: MetaMask's `chainId` property lags half a second behind. */
export async function chainIdOf(provider: Provider): Promise<number> {
  return Number(await ask<string | number>(provider, 'eth_chainId'));
}

/**
 * Brings the wallet to the market's chain, adding it where it is unknown, and proves through the
 * wallet that it is this chain and not another of the same id: its first block and the market's code.
 */
export async function useChain(
  provider: Provider, deployment: Deployment, origin: string, rpc: Provider,
): Promise<void> {
  if (await chainIdOf(provider) !== deployment.chainId) await switchTo(provider, deployment, origin);
  if (await chainIdOf(provider) !== deployment.chainId) {
    throw new WalletError('wrong_chain', `The wallet did not switch to ${deployment.name}.`,
      'Choose that network in your wallet, then try again.');
  }
  let differs = await difference(provider, deployment, rpc);
  if (differs === null) return;
  // Wallets come with a network of their own for some ids, such as MetaMask's "Localhost 8545" for
  // 1337: one that is asked may take our address for it.
  await add(provider, deployment, origin).catch((error: unknown) => {
    if (walletError(error).trouble === 'refused') throw error;
  });
  differs = await difference(provider, deployment, rpc);
  if (differs === null) return;
  throw new WalletError('wrong_chain',
    `Your wallet's network ${deployment.chainId} is not the chain of this market: ${differs}.`,
    `In your wallet, open the networks, edit the one with chain id ${deployment.chainId}, and set `
      + `its RPC address to ${rpcUrlOf(deployment, origin)} . Then try again.`);
}

async function switchTo(provider: Provider, deployment: Deployment, origin: string): Promise<void> {
  const chainId = numberToHex(deployment.chainId);
  try {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] });
    return;
  } catch (error) {
    const { data } = (error ?? {}) as { data?: { originalError?: unknown } };
    if (codeOf(error) !== 4902 && codeOf(data?.originalError) !== 4902) throw walletError(error);
  }
  await add(provider, deployment, origin);
  // Some wallets add without switching.
  if (await chainIdOf(provider) !== deployment.chainId) {
    await ask(provider, 'wallet_switchEthereumChain', [{ chainId }]);
  }
}

/** With the keys that MetaMask knows, and no others: it refuses the rest. */
const add = (provider: Provider, deployment: Deployment, origin: string) =>
  ask(provider, 'wallet_addEthereumChain', [{
    chainId: numberToHex(deployment.chainId), chainName: deployment.name,
    rpcUrls: [rpcUrlOf(deployment, origin)],
    nativeCurrency: {
      name: deployment.nativeCurrency.name, symbol: deployment.nativeCurrency.symbol, decimals: 18,
    },
  }]);

/** Wallets keep trying an address that is dead. */
const READ_MS = 10_000;

/** Null, or what shows that the wallet is on another chain. */
async function difference(
  provider: Provider, { contracts: { Market: market }, genesisHash }: Deployment, rpc: Provider,
): Promise<string | null> {
  const code = (from: Provider): Promise<Hex> =>
    market ? ask<Hex>(from, 'eth_getCode', [market, 'latest']) : Promise.resolve('0x');
  const own = await code(rpc);
  let late: ReturnType<typeof setTimeout> | undefined;
  try {
    const [first, seen] = await Promise.race([
      Promise.all([
        ask<{ hash?: Hex } | null>(provider, 'eth_getBlockByNumber', ['0x0', false]), code(provider),
      ]),
      new Promise<never>((_, reject) => { late = setTimeout(reject, READ_MS); }),
    ]);
    if (first?.hash?.toLowerCase() !== genesisHash.toLowerCase()) return 'its first block differs';
    if (keccak256(seen) !== keccak256(own) || (market && seen.length <= 2)) {
      return 'the market\'s code differs';
    }
    return null;
  } catch {
    return 'it does not answer';
  } finally {
    clearTimeout(late);
  }
}

export const rpcUrlOf = (deployment: Deployment, origin: string): string =>
  new URL(deployment.rpcUrl, origin).href;

/** The node's own view of the chain, for what needs no wallet. */
export function nodeRpc(deployment: Deployment, fetchFn: typeof fetch = fetch): Provider {
  return {
    async request({ method, params }) {
      const response = await fetchFn(`/rpc/${deployment.chainId}`, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: params ?? [] }),
      });
      const { result, error } = await response.json() as { result?: unknown; error?: Error };
      if (error) throw error;
      return result;
    },
  };
}

export type TypedData = {
  domain: object;
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: object;
};

/** Asks for a signature over typed data, written as eth_signTypedData_v4 wants it. */
export function signTyped(provider: Provider, from: Address, data: TypedData): Promise<Hex> {
  return ask<Hex>(provider, 'eth_signTypedData_v4', [from, typedDataText(data)]);
}
