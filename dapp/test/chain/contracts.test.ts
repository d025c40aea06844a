// What the page signs and sends, carried to the real contracts as a relay would.
import { IDBFactory } from 'fake-indexeddb';
import { encodeAbiParameters, type Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApi } from '../../src/lib/api';
import { CHANNELS, DEPOSIT_COLLECTOR } from '@stoa/client';
import { createDeviceStore } from '../../src/lib/device_store';
import { buyByTransactions, buyLicence } from '../../src/lib/licence';
import { finishWithdrawal, startWithdrawal } from '../../src/lib/refund';
import { openSession, topUp, type ModelTerms } from '../../src/lib/session';
import type { Step } from '../../src/lib/step';
import type { MoneyChannel } from '../../src/lib/types';
import { useChain as bringToChain } from '../../src/lib/wallet';
import { account, openWorld, type World } from './anvil';

describe('on the development chain', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); }, 60_000);
  afterAll(() => world?.close());

  /** Does with a relayed body what a node does. */
  const relayApi = () => createApi('', (async (_: unknown, init?: RequestInit) => {
    const body = JSON.parse(String(init?.body));
    const answer = body.kind === 'deposit' ? await carryDeposit(body) : await carryOrder(body);
    return new Response(JSON.stringify(answer));
  }) as typeof fetch);

  async function carryDeposit({ channelConfig, deposit: { amount, authorization: { erc3009Authorization: a } } }: any) {
    const data = encodeAbiParameters(
      [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
      [BigInt(a.validAfter), BigInt(a.validBefore), BigInt(a.salt), a.signature]);
    const { receipt } = await world.send(0, 'Channels', CHANNELS, 'deposit', [channelConfig, BigInt(amount), DEPOSIT_COLLECTOR, data]);
    const channelId = await world.read<Hex>('Channels', CHANNELS, 'getChannelId', [channelConfig]);
    const [balance] = await world.read<[bigint, bigint]>('Channels', CHANNELS, 'channels', [channelId]);
    return { transaction: receipt.transactionHash, block: Number(receipt.blockNumber), channelId, balance: balance.toString() };
  }

  async function carryOrder({ order, authorization }: any) {
    const { receipt, events } = await world.send(0, 'Market', world.at('Market'), 'relayOrder', [order, authorization]);
    const { args } = events.find(({ eventName }) => eventName === 'Purchased')!;
    return { transaction: receipt.transactionHash, block: Number(receipt.blockNumber), licences: [String(args.firstLicence)], price: String(args.amount) };
  }

  const steps = () => {
    const seen: Step['at'][] = [];
    return { seen, onStep: ({ at }: Step) => { seen.push(at); } };
  };
  const owner = (licence: bigint) => world.read<Hex>('Licences', world.at('Licences'), 'ownerOf', [licence]);

  test('a chain is proven by its first block and the market\'s code', async () => {
    await bringToChain(world.provider(1), world.deployment, 'http://localhost', world.rpc);
    const other = { ...world.deployment, genesisHash: `0x${'11'.repeat(32)}` as Hex };
    await expect(bringToChain(world.provider(1), other, 'http://localhost', world.rpc)).rejects.toMatchObject({ trouble: 'wrong_chain' });
  });

  test('a licence is bought by one signature, which the market accepts', async () => {
    const { deployment, token, offer } = world;
    const holder = account(1).address;
    const before = await world.balance(holder);
    const provider = world.provider(1);
    const { seen, onStep } = steps();
    const bought = await buyLicence({ api: relayApi(), provider, deployment, token, offer, holder, relayFee: 10_000n, onStep });
    expect(provider.prompts).toEqual(['ReceiveWithAuthorization']);
    expect(seen).toEqual(['waiting', 'sent', 'confirmed']);
    expect(await owner(BigInt(bought.licences[0]!))).toBe(holder);
    expect(await world.balance(holder)).toBe(before - 5_010_000n);
  });

  test('without a relay, an exact allowance and a purchase do the same', async () => {
    const { deployment, token, offer, rpc } = world;
    const holder = account(2).address;
    const before = await world.balance(holder);
    const provider = world.provider(2);
    const { onStep } = steps();
    await buyByTransactions({ provider, rpc, deployment, token, offer, holder, onStep });
    expect(provider.prompts).toEqual(['transaction', 'transaction']);
    expect(await owner(2n)).toBe(holder);
    expect(await world.balance(holder)).toBe(before - 5_000_000n);
    expect(await world.read<bigint>('TestUSD', token.address, 'allowance', [holder, world.at('Market')])).toBe(0n);
  });

  test('what the contract would refuse never reaches the wallet', async () => {
    const { deployment, token, offer, rpc } = world;
    const provider = world.provider(2);
    const { onStep } = steps();
    const foreign = { ...offer, termsDigest: `0x${'22'.repeat(32)}` as Hex };
    await expect(buyByTransactions({ provider, rpc, deployment, token, offer: foreign, holder: account(2).address, onStep }))
      .rejects.toMatchObject({ code: 'would_fail' });
    expect(provider.prompts).toEqual(['transaction']);
  });

  test('a session opens by one signature, takes more by another, and ends without a node', async () => {
    const { deployment, token, service, rpc } = world;
    const store = createDeviceStore(new IDBFactory() as unknown as IDBFactory);
    const payer = account(3).address;
    const before = await world.balance(payer);
    const provider = world.provider(3);
    const { onStep } = steps();
    const terms = { service, withdrawDelay: 3600 } as ModelTerms;
    const now = () => Math.floor(Date.now() / 1000);
    const deposit = { api: relayApi(), store, provider, deployment, token, onStep, now };
    const opened = await openSession({ ...deposit, payer, model: '1', terms, amount: 1_000_000n });
    expect(opened).toMatchObject({ balance: '1000000', open: true });
    const more = await topUp({ ...deposit, channel: opened, amount: 500_000n });
    expect(more.balance).toBe('1500000');
    expect(provider.prompts).toEqual(['ReceiveWithAuthorization', 'ReceiveWithAuthorization']);
    expect(await world.balance(payer)).toBe(before - 1_500_000n);

    const channel = { config: opened.config, channelId: opened.channelId, balance: '1500000', claimed: '0' } as MoneyChannel;
    const leave = { provider, deployment, channel, rpc, store, onStep };
    await startWithdrawal(leave);
    await expect(finishWithdrawal(leave)).rejects.toMatchObject({ code: 'would_fail' });
    await world.later(3601);
    await finishWithdrawal(leave);
    expect(await world.balance(payer)).toBe(before);
    expect(await store.channels()).toHaveLength(0);
  });

  test('a receiver that is no service is not paid', async () => {
    const { deployment, token, service } = world;
    const provider = world.provider(4);
    const store = createDeviceStore(new IDBFactory() as unknown as IDBFactory);
    const terms = { service: { ...service, receiver: account(9).address }, withdrawDelay: 3600 } as ModelTerms;
    await expect(openSession({
      api: relayApi(), store, provider, deployment, token, onStep: () => undefined, payer: account(4).address, model: '1', terms, amount: 1n,
    })).rejects.toMatchObject({ code: 'unknown_payee' });
    expect(provider.prompts).toEqual([]);
  });
});
