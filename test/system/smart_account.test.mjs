// A wallet that is a contract signs in, before and after it is on chain (ERC-6492, ERC-1271), opens a session, and
// limits it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { concat, encodeAbiParameters, getCreate2Address, pad, serializeErc6492Signature } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createSiweMessage } from 'viem/siwe';
import {
  authorizationTypedData, channelIdOf, DEPOSIT_COLLECTOR, depositNonce, voucherTypedData,
} from '../../dapp/packages/client/dist/index.js';
import { account, openMarket } from './market.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

/** The same contract as in the node's own tests: one owner's key signs for it. */
const source = fs.readFileSync(path.join(import.meta.dirname, '../../stoa/chain/smart_account_test.hpp'), 'utf8');
const lines = source.split('kSmartAccountCode =')[1].split(';')[0].match(/"(\w+)"/g).map((line) => line.slice(1, -1));
const FACTORY = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const SALT = pad('0x07');
const owner = account(5);
const code = concat([lines.join(''), encodeAbiParameters([{ type: 'address' }], [owner.address])]);
const wallet = getCreate2Address({ from: FACTORY, salt: SALT, bytecode: code });
const deployment = concat([SALT, code]);

async function signIn(signer, wrap = (signature) => signature) {
  const { nonce } = await market.json('/api/auth/nonce');
  const message = createSiweMessage({
    domain: new URL(market.url).host, address: wallet, uri: market.url, version: '1',
    chainId: market.deployment.chainId, nonce, issuedAt: new Date(),
    statement: 'Sign in to Stoa. This costs nothing and moves nothing.',
  });
  const response = await fetch(`${market.url}/api/auth/verify`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message, signature: wrap(await signer.signMessage({ message })) }),
  });
  const body = await response.json();
  return response.ok ? body.address : body.code;
}
const wrapped = (signature) => serializeErc6492Signature({ address: FACTORY, data: deployment, signature });

test('a wallet signs in before it is deployed, and nobody else for it', async () => {
  assert.equal(await signIn(owner, wrapped), wallet);
  assert.equal(await signIn(account(6), wrapped), 'wrong_signer');
  assert.equal(await signIn(owner), 'wrong_signer');
  assert.equal(await market.client.getCode({ address: wallet }), undefined);
});

test('a wallet that is deployed signs in by what its contract says', async () => {
  const hash = await market.wallet(5).sendTransaction({ to: FACTORY, data: deployment });
  await market.client.waitForTransactionReceipt({ hash });
  assert.equal(await signIn(owner), wallet);
  assert.equal(await signIn(owner, wrapped), wallet);
  assert.equal(await signIn(account(6)), 'wrong_signer');
});

/** A session that the wallet pays, with a key of its own. */
const key = privateKeyToAccount(generatePrivateKey());
let config;
let channelId;

async function limitsSigned(signer, { perDay = (1n << 128n) - 1n, expires = 2 ** 40 - 1, nonce }) {
  const signature = await signer.signTypedData({
    domain: {
      name: 'Stoa Limits', version: '1', chainId: market.chain.id, verifyingContract: market.contracts.Channels,
    },
    types: {
      Limits: [
        { name: 'channelId', type: 'bytes32' }, { name: 'perDay', type: 'uint128' },
        { name: 'expires', type: 'uint40' }, { name: 'nonce', type: 'uint256' },
      ],
    },
    primaryType: 'Limits', message: { channelId, perDay, expires, nonce },
  });
  return { perDay: String(perDay), expires, nonce: String(nonce), signature };
}

async function post(route, body, headers = {}) {
  const response = await fetch(market.url + route, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, ...await response.json() };
}

async function deposit(limits) {
  const signature = await owner.signTypedData(authorizationTypedData(market.chain.id, market.token, {
    from: wallet, to: DEPOSIT_COLLECTOR, value: 500_000n, validAfter: 0n, validBefore: 4_000_000_000n,
    nonce: depositNonce(channelId, 1n),
  }));
  const authorization = { validAfter: '0', validBefore: '4000000000', salt: '1', signature };
  return post('/api/relay', {
    kind: 'deposit', channelConfig: config, limits,
    deposit: { amount: '500000', authorization: { erc3009Authorization: authorization } },
  });
}

const session = async () => (await market.json(`/api/money?address=${wallet}`)).items
  .find((item) => item.channel?.channelId === channelId && item.state === 'refundable')?.channel;

/** One call, paid by the session's key. */
async function call() {
  const route = '/m/stories15m/v1/completions';
  const body = { model: 'stories15m', prompt: 'Once', max_tokens: 4, temperature: 0 };
  const { headers } = await post(route, body);
  const [accepted] = JSON.parse(atob(headers.get('payment-required'))).accepts;
  const maxClaimableAmount = BigInt((await session()).charged) + BigInt(accepted.amount);
  const signature = await key.signTypedData(voucherTypedData(market.chain.id, channelId, maxClaimableAmount));
  const payload = {
    type: 'voucher', channelConfig: config,
    voucher: { channelId, maxClaimableAmount: String(maxClaimableAmount), signature },
  };
  return post(route, body, { 'payment-signature': btoa(JSON.stringify({ x402Version: 2, accepted, payload })) });
}

test('a deposit carries the limits that a wallet signed which is a contract, and none that a stranger did', async () => {
  await market.json('/api/faucet', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address: wallet }),
  });
  const { services: [service] } = await market.json('/api/models/stories15m');
  config = {
    payer: wallet, payerAuthorizer: key.address, receiver: service.receiver,
    receiverAuthorizer: service.receiverAuthorizer, token: market.token.address, withdrawDelay: 3600, salt: pad('0x09'),
  };
  channelId = channelIdOf(market.chain.id, config);
  const held = await market.balance(wallet);
  const forged = await deposit(await limitsSigned(account(6), { perDay: 1n, nonce: 0n }));
  assert.deepEqual([forged.status, forged.code], [403, 'limits_signature']);
  const stale = await deposit(await limitsSigned(owner, { perDay: 1n, nonce: 1n }));
  assert.deepEqual([stale.status, stale.code], [409, 'limits_nonce']);
  assert.equal(await market.balance(wallet), held, 'nothing is deposited under limits that are not the payer\'s');

  const done = await deposit(await limitsSigned(owner, { perDay: 1n, nonce: 0n }));
  assert.deepEqual([done.status, done.channelId, done.balance], [200, channelId, '500000']);
  assert.equal(await market.balance(wallet), held - 500_000n);
  const { limits } = await session();
  assert.deepEqual([limits.perDay, limits.expires, limits.nonce], ['1', null, '1']);
  const refused = await call();
  assert.deepEqual([refused.status, refused.code], [403, 'session_day_limit']);
  const again = await deposit(await limitsSigned(owner, { perDay: 1n, nonce: 0n }));
  assert.deepEqual([again.status, again.transaction], [200, done.transaction], 'the same again is the same');
});

test('a wallet that is a contract sets limits later, and nobody else for it', async () => {
  const set = async (signer, wanted) => post('/api/sessions/limits', { channelId, ...await limitsSigned(signer, wanted) });
  const more = { perDay: 400_000n, nonce: 1n };
  assert.deepEqual((await set(account(6), more)).code, 'limits_signature');
  assert.deepEqual((await set(key, more)).code, 'limits_signature', 'the key can only tighten them');
  assert.equal((await call()).status, 403);
  const loosened = await set(owner, more);
  assert.deepEqual([loosened.status, loosened.limits.perDay, loosened.limits.nonce], [200, '400000', '2']);
  const served = await call();
  assert.equal(served.status, 200, JSON.stringify(served));
  const revoked = await set(owner, { perDay: 400_000n, expires: 0, nonce: 2n });
  assert.equal(revoked.limits.revoked, true);
  assert.deepEqual((await call()).code, 'session_expired');
});
