// What a purse's owner and its keys sign, as the contract checks it; and what may still be spent.
import { hashTypedData } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { expect, test } from 'vitest';
import {
  checkPurse, collectData, exitTypedData, fundingOf, laneOf, limitsFor, purseChannel, purseOf, revokeTypedData, setPolicyTypedData, spendable,
  spendableFor, spendOf, spendTypedData, typedDataText, type PursePolicy, type PurseState,
} from '@stoa/client';
import { purses } from './vectors';

const MNEMONIC = 'test test test test test test test test test test test junk';
const [owner, key] = [1, 2].map((addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex })) as
  [ReturnType<typeof mnemonicToAccount>, ReturnType<typeof mnemonicToAccount>];
const { chainId, purse, token } = purses;
const policyOf = (it: any): PursePolicy => ({
  ...it, cap: BigInt(it.cap), capPerDay: BigInt(it.capPerDay), capPerService: BigInt(it.capPerService), services: it.services.map(BigInt),
});

test('a policy, a revocation and an exit are signed as the purse checks them', async () => {
  expect(purses.setPolicy.length).toBeGreaterThan(2);
  for (const { policy, digest, signature } of purses.setPolicy) {
    const data = setPolicyTypedData(chainId, purse, policyOf(policy), 0n);
    expect(hashTypedData(data)).toBe(digest);
    expect(await owner.signTypedData(data)).toBe(signature);
    // As a wallet is sent it: every number a string, the list a list.
    expect(JSON.parse(typedDataText(data)).message).toMatchObject({ cap: policy.cap, services: policy.services, nonce: '0' });
  }
  for (const [data, { digest, signature }] of [
    [revokeTypedData(chainId, purse, key.address, 0n), purses.revoke], [exitTypedData(chainId, purse, 0n), purses.exit],
  ] as const) {
    expect(hashTypedData(data as never)).toBe(digest);
    expect(await owner.signTypedData(data as never)).toBe(signature);
  }
});

test('a funding commits to the policy by its nonce, and goes to the purse', () => {
  const [{ policy, digest }] = purses.setPolicy;
  const { data, body } = fundingOf({
    chainId, purse, owner: owner.address, policy: policyOf(policy), nonce: 0n, value: 5_000_000n, now: 1_790_000_000,
    token: { address: token, name: 'Test USD', version: '1', symbol: '', decimals: 6, eip3009: true, permit: true },
  });
  expect(data.message).toMatchObject({ from: owner.address, to: purse, value: 5_000_000n, nonce: digest });
  expect(data.domain.verifyingContract).toBe(token);
  expect(body('0x12')).toEqual({
    owner: owner.address, policy,
    funding: { value: '5000000', validAfter: '0', validBefore: '1790003600', signature: '0x12' },
  });
});

test('a session key signs spends, and their data, as the purse reads them', async () => {
  expect(purses.spend.length).toBeGreaterThan(2);
  for (const { channelId, amount, nonce, service, lane, receiver, receiverAuthorizer, digest, signature, data } of purses.spend) {
    const channel = purseChannel({
      chainId, purse, owner: owner.address, key: key.address, model: '1', now: NOW, lane: Number(lane),
      service: { id: service, receiver, receiverAuthorizer, token },
    });
    expect(channel.channelId).toBe(channelId);
    expect(laneOf(channel)).toBe(Number(lane));
    expect(hashTypedData(spendTypedData(chainId, purse, { channelId, amount: BigInt(amount), nonce: BigInt(nonce) }))).toBe(digest);
    const spend = await spendOf({ channel, amount: BigInt(amount), nonce: Number(nonce), key });
    expect(spend.signature).toBe(signature);
    expect(spend.body.deposit).toEqual({ amount, authorization: { purseSpend: { service, nonce, signature } } });
    expect(collectData({ key: key.address, service, lane: Number(lane), nonce: Number(nonce), signature })).toBe(data);
  }
});

const NOW = 1_790_000_000;
const where = { purses: purses.market, chainId, owner: owner.address, token };
const standing = (state: Partial<PurseState> = {}, of: object = {}): PurseState => ({
  purse: purseOf(where), exists: true, owner: owner.address, token, nonce: 1, leaving: false, balance: '900',
  key: { key: key.address, expires: NOW + 10, left: '800', leftToday: '700', capPerDay: '1000', capPerService: '600', spends: 3, valid: true, ...of },
  ...state,
});

test('a node cannot name another purse than the owner\'s', () => {
  expect(checkPurse({ ...standing(), purse: standing().purse.toLowerCase() as never }, where).purse).toBe(purseOf(where));
  expect(() => checkPurse({ ...standing(), purse }, where)).toThrow('not yours');
  for (const other of [{ ...where, owner: key.address }, { ...where, token: purse }, { ...where, chainId: 1 }]) {
    expect(purseOf(other)).not.toBe(purseOf(where));
  }
});

test('no more can be spent than every limit leaves', () => {
  expect(spendable(standing(), NOW)).toBe(700n);
  expect(spendable(standing({ balance: '5' }), NOW)).toBe(5n);
  expect(spendable(standing({}, { left: '6' }), NOW)).toBe(6n);
  expect(spendableFor(standing(), 0n, NOW)).toBe(600n);
  expect(spendableFor(standing(), 550n, NOW)).toBe(50n);
  expect(spendableFor(standing(), 601n, NOW)).toBe(0n);
  for (const none of [standing({ leaving: true }), standing({ key: null }), standing({}, { valid: false }), standing({}, { expires: NOW })]) {
    expect(spendable(none, NOW)).toBe(0n);
  }
});

test('a new policy leaves room for what its owner wants, beside what was used', () => {
  // 300 of the day are used; one service holds or got 450.
  expect(limitsFor(standing(), { cap: 500n, largest: 450n })).toEqual({ cap: 500n, capPerDay: 800n, capPerService: 950n });
  expect(limitsFor(standing(), { cap: 500n, perDay: 100n, perService: 50n, largest: 450n }))
    .toEqual({ cap: 500n, capPerDay: 100n, capPerService: 50n });
  expect(limitsFor(standing({ key: null }), { cap: 500n, largest: 0n })).toEqual({ cap: 500n, capPerDay: 500n, capPerService: 500n });
});
