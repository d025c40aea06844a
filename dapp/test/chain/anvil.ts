// The real contracts: the genesis of the development chain on an anvil of its own, with one model,
// one offer and one service.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createPublicClient, createWalletClient, defineChain, http, keccak256, parseEventLogs, stringToBytes, zeroAddress, type Address, type Hex,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import type { Deployment, Offer, Service } from '../../src/lib/types';
import type { Provider } from '../../src/lib/wallet';
import { contractAbi } from '../lib/vectors';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const ANVIL = `${root}contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil`;
const GENESIS = `${root}build/genesis/1337.json`;
const MNEMONIC = 'test test test test test test test test test test test junk';
export const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex });
const DEPLOYMENT = `${root}deployments/1337.json`;

export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld() {
  for (const file of [ANVIL, GENESIS, DEPLOYMENT]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: npm ci --prefix contracts, npm --prefix contracts run genesis`);
  }
  const child = startAnvil();
  try {
    return await furnish(child);
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  }
}

const startAnvil = () => spawn(ANVIL, ['--port', '0', '--chain-id', '1337', '--load-state', GENESIS], { stdio: ['ignore', 'pipe', 'inherit'] });

async function furnish(child: ReturnType<typeof startAnvil>) {
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const match = /Listening on ([\d.]+:\d+)/.exec(said);
      if (match) resolve(`http://${match[1]}`);
    });
    child.once('exit', () => reject(new Error(`anvil ended: ${said}`)));
  });
  const deployment = {
    ...JSON.parse(readFileSync(DEPLOYMENT, 'utf8')), rpcUrl: url, relay: true, faucet: true,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  } as Deployment;
  const chain = defineChain({ id: 1337, name: 'dev', nativeCurrency: deployment.nativeCurrency, rpcUrls: { default: { http: [url] } } });
  const client = createPublicClient({ chain, transport: http(url), pollingInterval: 20 });

  /** The whole RPC, development methods too. */
  const rpc: Provider = { request: (args) => client.request(args as never) };
  /** A wallet that agrees to everything. */
  const provider = (index: number): Provider & { prompts: string[] } => {
    const me = account(index);
    const wallet = createWalletClient({ account: me, chain, transport: http(url) });
    const prompts: string[] = [];
    return {
      prompts,
      request: async ({ method, params }) => {
        if (method === 'eth_signTypedData_v4') {
          const { types: { EIP712Domain: _, ...types }, ...rest } = JSON.parse((params as string[])[1]!);
          prompts.push(rest.primaryType);
          return me.signTypedData({ ...rest, types });
        }
        if (method === 'eth_sendTransaction') {
          prompts.push('transaction');
          const [{ to, data }] = params as [{ to: Address; data: Hex }];
          return wallet.sendTransaction({ to, data });
        }
        return client.request({ method, params } as never);
      },
    };
  };
  const send = async (index: number, name: string, address: Address, functionName: string, args: unknown[]) => {
    const abi = contractAbi(name);
    const wallet = createWalletClient({ account: account(index), chain, transport: http(url) });
    const hash = await wallet.writeContract({ address, abi, functionName, args });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`${functionName} reverted`);
    return { receipt, events: parseEventLogs({ abi, logs: receipt.logs }) as { eventName: string; args: Record<string, unknown> }[] };
  };
  const read = <T>(name: string, address: Address, functionName: string, args: unknown[]) =>
    client.readContract({ address, abi: contractAbi(name), functionName, args }) as Promise<T>;

  const at = (name: string) => deployment.contracts[name]!;
  const token = deployment.tokens[0]!;
  const terms = 'Use it well.';
  const termsDigest = keccak256(stringToBytes(terms));
  const creator = account(7).address;
  const digest = (text: string) => keccak256(stringToBytes(text));
  await send(7, 'ModelRegistry', at('ModelRegistry'), 'register', [{
    slug: 'tiny', payees: [{ account: creator, share: 1_000_000 }], parents: [], serving: 0, market: at('Market'),
    first: { kind: 0, manifestDigest: digest('m'), weightsDigest: digest('w'), cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', derivable: false, derivativeBps: 0 },
    royalty: { callBps: 1000, token: zeroAddress, perCall: 0n, perMillion: 0n },
  }]);
  await send(7, 'Market', at('Market'), 'createOffer', [{
    prices: [{ token: token.address, floor: 5_000_000n, cap: 5_000_000n }], targetPerDay: 0n, sensitivity: 0n, maxCommissionBps: 0,
    terms: {
      model: 1n, service: 0n, period: 0, calls: 0, seats: 1, rights: 3, entitlement: 1, entitledFor: 0, transferable: true,
      restToService: false, termsDigest,
    },
  }]);
  await send(8, 'Services', at('Services'), 'offerService', [{
    model: 1n, version: 1, endpoint: 'http://localhost', receiverAuthorizer: account(9).address, payout: account(8).address, licence: 0n,
    duration: 86_400, pricing: [{ token: token.address, perCall: 100n, perMillionInput: 0n, perMillionOutput: 0n }],
  }]);
  const { receiver, receiverAuthorizer } = await read<Service>('Services', at('Services'), 'serviceOf', [1n]);
  return {
    deployment, token, rpc, provider, send, read, at,
    service: { id: '1', receiver, receiverAuthorizer, token: token.address, payees: [] } as unknown as Service,
    offer: {
      id: '1', model: '1', prices: [{ token: token.address, floor: '5000000', cap: '5000000' }], price: { token: token.address, amount: '5000000' }, termsDigest,
    } as unknown as Offer,
    balance: (address: Address) => read<bigint>('TestUSD', token.address, 'balanceOf', [address]),
    later: async (seconds: number) => {
      await client.request({ method: 'evm_increaseTime', params: [seconds] } as never);
      await client.request({ method: 'evm_mine' } as never);
    },
    close: () => { child.kill('SIGTERM'); },
  };
}
