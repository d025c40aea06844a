// A wallet that is a contract signs in, before and after it is on chain (ERC-6492, ERC-1271).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { concat, encodeAbiParameters, getCreate2Address, pad, serializeErc6492Signature } from 'viem';
import { createSiweMessage } from 'viem/siwe';
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
