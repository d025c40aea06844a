import {
  getAbiItem, hashTypedData, toEventSelector, toFunctionSelector, type AbiEvent, type AbiFunction, type Hex,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { expect, test } from 'vitest';
import {
  channelsAbi, channelsSettleAbi, marketAbi, multicallAbi, purseAbi, pursesAbi, servicesAbi, splitAbi, tokenAbi,
} from '../../src/lib/abi';
import {
  authorizationTypedData, channelIdOf, channelRequirements, CHANNELS, decodeHeader,
  DEPOSIT_COLLECTOR, depositNonce, encodeHeader, type PaymentRequired, refundTypedData,
  typedDataText, voucherTypedData,
} from '@stoa/client';
import { orderDigest, termsMatch, type Order } from '../../src/lib/licence';
import { contractAbi, market, payments } from './vectors';

test('a channel\'s id is the hash of its config, its chain and its contract', () => {
  expect(payments.channels.length).toBeGreaterThan(2);
  for (const { chainId, config, channelId } of payments.channels) {
    expect(channelIdOf(chainId, config)).toBe(channelId);
  }
});

test('a session key signs vouchers as the contract checks them', async () => {
  const accounts = Object.values<{ address: Hex; privateKey: Hex }>(payments.accounts);
  for (const { chainId, channelId, maxClaimableAmount, digest, signature, signer } of payments.vouchers) {
    const key = privateKeyToAccount(accounts.find(({ address }) => address === signer)!.privateKey);
    const data = voucherTypedData(chainId, channelId, BigInt(maxClaimableAmount));
    expect(hashTypedData(data)).toBe(digest);
    expect(await key.signTypedData(data)).toBe(signature);
  }
});

test('the wallet\'s deposit signature binds sum, collector and channel', async () => {
  const { channelId, salt, message, digest, signature, typedDataV4 } = payments.eip3009Deposit;
  expect(depositNonce(channelId, BigInt(salt))).toBe(message.nonce);
  expect(message.to).toBe(DEPOSIT_COLLECTOR);
  const { name, version, chainId, verifyingContract } = typedDataV4.domain;
  const data = authorizationTypedData(chainId, {
    name, version, address: verifyingContract, symbol: '', decimals: 6, eip3009: true, permit: true,
  }, {
    from: message.from, to: message.to, value: BigInt(message.value),
    validAfter: BigInt(message.validAfter), validBefore: BigInt(message.validBefore), nonce: message.nonce,
  });
  expect(hashTypedData(data)).toBe(digest);
  const payer = privateKeyToAccount(payments.accounts.payer.privateKey);
  expect(await payer.signTypedData(data)).toBe(signature);
  const sent = JSON.parse(typedDataText(data));
  expect(sent).toMatchObject({ domain: typedDataV4.domain, primaryType: typedDataV4.primaryType, types: typedDataV4.types });
  expect(sent.message.value).toBe(message.value);
});

test('an order\'s digest is the one of the market contract', () => {
  const fields = (order: Record<string, string>): Order => ({
    offer: BigInt(order.offer!), n: BigInt(order.n!), maxPrice: BigInt(order.maxPrice!),
    deadline: BigInt(order.deadline!), hall: BigInt(order.hall!), relayFee: BigInt(order.relayFee!),
    holder: order.holder as Hex, token: order.token as Hex, termsDigest: order.termsDigest as Hex, salt: order.salt as Hex,
  });
  for (const { order, terms, digest } of market.digests) {
    expect(orderDigest(market.chainId, market.market, fields(order))).toBe(digest);
    expect(termsMatch(terms, order.termsDigest)).toBe(true);
    expect(termsMatch(`${terms} `, order.termsDigest)).toBe(false);
  }
});

test('a refund request is typed as the node reads it', () => {
  const { domain, types } = refundTypedData(713371, { channelId: `0x${'1'.repeat(64)}`, amount: 0n, nonce: 2n, validBefore: 3n });
  expect(domain).toEqual({ name: 'Stoa Refund', version: '1', chainId: 713371, verifyingContract: CHANNELS });
  expect(types.RefundRequest.map(({ name, type }) => `${type} ${name}`).join(',')).toBe(
    'bytes32 channelId,uint128 amount,uint256 nonce,uint256 validBefore');
});

test('headers are base64 of UTF-8 JSON, both ways', () => {
  for (const { base64, json } of Object.values<any>(payments.headers)) {
    expect(decodeHeader(base64)).toEqual(json);
    expect(decodeHeader(encodeHeader(json))).toEqual(json);
  }
  expect(decodeHeader(encodeHeader({ title: 'Fußgänger 走る' }))).toEqual({ title: 'Fußgänger 走る' });
  for (const bad of [null, '', '!!', btoa('"text"'), btoa('{'), btoa('\xff')]) expect(decodeHeader(bad)).toBeNull();
});

test('a session takes the first entry of its scheme and chain', () => {
  const required = payments.headers.unpaid402.json as PaymentRequired;
  expect(channelRequirements(required, 31337)?.scheme).toBe('batch-settlement');
  expect(channelRequirements(required, 1)).toBeNull();
  expect(channelRequirements(null, 31337)).toBeNull();
});

test('every function that the page calls, and every event that it reads, is in the contracts\' interfaces', () => {
  for (const [name, abi] of [
    ['Channels', channelsAbi], ['Market', marketAbi], ['Services', servicesAbi], ['Split', splitAbi], ['TestUSD', tokenAbi],
    ['Channels', channelsSettleAbi], ['Multicall3', multicallAbi], ['Purse', purseAbi], ['Purses', pursesAbi],
  ] as const) {
    const published = contractAbi(name);
    for (const item of abi as readonly AbiFunction[]) {
      if ((item.type as string) === 'event') {
        const event = getAbiItem({ abi: published, name: item.name }) as unknown as AbiEvent;
        expect(toEventSelector(event)).toBe(toEventSelector(item as unknown as AbiEvent));
        continue;
      }
      const found = getAbiItem({ abi: published, name: item.name }) as AbiFunction;
      expect(found && toFunctionSelector(found), `${name}.${item.name}`).toBe(toFunctionSelector(item));
    }
  }
});
