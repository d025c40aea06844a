import { expect, test, vi } from 'vitest';
import { stepOf } from '../../src/lib/step';
import type { Deployment } from '../../src/lib/types';
import { useChain, walletError, type Provider } from '../../src/lib/wallet';
import { panelRows } from '../../src/lib/wallet_panel';
import { signInMessage } from '../../src/lib/sign_in';
import { refundTypedData } from '@stoa/client';

const GENESIS = `0x${'9e'.repeat(32)}` as const;
const deployment = {
  chainId: 713371, name: 'Stoa Dev', rpcUrl: '/rpc/713371', genesisHash: GENESIS, block: 1, tokens: [], faucet: true, relay: true,
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, contracts: { Market: '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9' },
} as Deployment;

/** A wallet on mainnet that adds what it is told to, whatever chain really answers there. */
function walletOn({ genesis = GENESIS as string, code = '0x60', known = false } = {}) {
  let chain = 1;
  const asked: string[] = [];
  const provider: Provider = {
    request: async ({ method, params }) => {
      asked.push(method);
      switch (method) {
        case 'eth_chainId': return `0x${chain.toString(16)}`;
        case 'wallet_switchEthereumChain':
          if (!known) throw Object.assign(new Error('Unrecognized chain ID'), { code: 4902 });
          chain = deployment.chainId;
          return null;
        case 'wallet_addEthereumChain': {
          const [{ chainId, rpcUrls, ...rest }] = params as [{ chainId: string; rpcUrls: string[] }];
          expect(rpcUrls).toEqual(['http://localhost:8402/rpc/713371']);
          expect(rest).toEqual({ chainName: 'Stoa Dev', nativeCurrency: deployment.nativeCurrency });
          chain = Number(chainId);
          return null;
        }
        case 'eth_getBlockByNumber': return { hash: genesis };
        case 'eth_getCode': return code;
        default: throw new Error(method);
      }
    },
  };
  return { provider, asked };
}
const node: Provider = { request: async () => '0x60' };
const go = (provider: Provider) => useChain(provider, deployment, 'http://localhost:8402', node);

test('an unknown network is added, a known one chosen, each proven through the wallet', async () => {
  const fresh = walletOn();
  await go(fresh.provider);
  expect(fresh.asked).toContain('wallet_addEthereumChain');
  const known = walletOn({ known: true });
  await go(known.provider);
  expect(known.asked).not.toContain('wallet_addEthereumChain');
  expect(known.asked).toContain('eth_getBlockByNumber');
});

test('another chain of the same id is found out, and the way out named', async () => {
  await expect(go(walletOn({ genesis: `0x${'00'.repeat(32)}`, known: true }).provider))
    .rejects.toMatchObject({ trouble: 'wrong_chain', fix: expect.stringContaining('/rpc/713371') });
  for (const code of ['0x', '0x61']) {
    await expect(go(walletOn({ code, known: true }).provider)).rejects.toMatchObject({ trouble: 'wrong_chain' });
  }
});

test('a preset network of the same id, dead or foreign, is replaced by asking once', async () => {
  for (const preset of ['dead', 'foreign']) {
    const wallet = walletOn({ known: true });
    let added = false;
    const provider: Provider = {
      request: async (args) => {
        if (args.method === 'wallet_addEthereumChain') added = true;
        if (args.method === 'eth_getBlockByNumber' && !added) {
          if (preset === 'foreign') return { hash: `0x${'00'.repeat(32)}` };
          throw Object.assign(new Error('Failed to fetch'), { code: -32603 });
        }
        return wallet.provider.request(args);
      },
    };
    await go(provider);
    expect(wallet.asked.filter((method) => method === 'wallet_addEthereumChain')).toHaveLength(1);
  }
});

test('codes of wallets become words; a refusal is not a failure', () => {
  const coded = (code: number, message = '') => Object.assign(new Error(message), { code });
  expect(walletError(coded(4001)).trouble).toBe('refused');
  expect(walletError(new Error('wrapped', { cause: coded(4001) })).trouble).toBe('refused');
  expect(walletError(coded(-32002, 'Request already pending for origin')).trouble).toBe('busy');
  expect(walletError(coded(-32002, 'RPC endpoint returned too many errors')).trouble).toBe('network');
  expect(walletError(coded(-32603, 'Failed to fetch')).message).toBe('Failed to fetch');
  expect(stepOf(coded(4001))).toMatchObject({ at: 'refused' });
  expect(stepOf(coded(4100))).toMatchObject({ at: 'failed' });
});

test('the panel says what the wallet shows: names with capitals, numbers raw, long values cut', () => {
  const data = refundTypedData(1, { channelId: `0x${'ab'.repeat(32)}`, amount: 0n, nonce: 2n, validBefore: 1995400000n });
  expect(panelRows(data, { nonce: { means: 'third' }, validBefore: { means: 'an hour', later: true } })).toEqual([
    { label: 'ChannelId', shown: '0xabababab…abababab', means: '' },
    { label: 'Amount', shown: '0', means: '' },
    { label: 'Nonce', shown: '2', means: 'third' },
    { label: 'ValidBefore', shown: 'set when you press the button', means: 'an hour' },
  ]);
});

test('a sign-in names this page, costs nothing and ends', () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  const message = signInMessage({
    address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', chainId: 713371, nonce: 'abcdefgh1234', origin: 'http://localhost:8402', now: new Date(),
  });
  vi.useRealTimers();
  expect(message).toMatch(/^localhost:8402 wants you to sign in/);
  for (const line of ['URI: http://localhost:8402', 'Chain ID: 713371', 'Nonce: abcdefgh1234', 'costs nothing',
    'Issued At: 2027-01-15T08:00:00.000Z', 'Expiration Time: 2027-01-15T08:10:00.000Z']) expect(message).toContain(line);
});
