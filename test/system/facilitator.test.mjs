// The stock server of x402 with our node as its facilitator, paid by the stock client: for the
// receivers that the node's operator has listed, and for nobody else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server';
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddleware } from '@x402/express';
import express from 'express';
import { account, abi, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

const LISTED = account(9).address;
const STRANGER = account(8).address;
const PRICE = 1000n;
const PER_DAY = 5;
const settings = `[facilitator]
receivers = ["${LISTED}"]
tokens = ["TestUSD"]
per_day = ${PER_DAY}
`;

let market;
let facilitator;
const servers = [];
before(async () => {
  market = await openMarket({ settings });
  facilitator = new HTTPFacilitatorClient({ url: `${market.url}/x402` });
});
after(async () => {
  for (const server of servers) server.close();
  await market?.close();
});

/** A shop as the packages' documentation writes it; it signs its own claims. */
async function openShop(payTo) {
  const network = `eip155:${market.deployment.chainId}`;
  const scheme = new BatchSettlementEvmScheme(payTo, {
    receiverAuthorizerSigner: account(0), withdrawDelay: 86400,
  });
  const resources = new x402ResourceServer(facilitator).register(network, scheme)
    .register(network, new ExactEvmScheme());
  const price = {
    amount: PRICE.toString(), asset: market.token.address,
    extra: { name: market.token.name, version: market.token.version },
  };
  const route = (name) => ({
    accepts: { scheme: name, price, network, payTo, maxTimeoutSeconds: 3600 },
    description: 'nothing', mimeType: 'application/json',
  });
  const app = express();
  app.use(paymentMiddleware({
    'GET /channel': route('batch-settlement'), 'GET /once': route('exact'),
  }, resources));
  for (const place of ['/channel', '/once']) app.get(place, (_, response) => response.json({ ok: 1 }));
  const server = await new Promise((done) => {
    const it = app.listen(0, '127.0.0.1', () => done(it));
  });
  servers.push(server);
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    manager: scheme.createChannelManager(facilitator, network, market.token.address),
  };
}

const decoded = (header) => JSON.parse(atob(header));
const totals = () => market.read(market.contracts.Channels, abi('Channels'), 'receivers', [LISTED, market.token.address]);

test('/x402/supported says for whom, with which tokens, and how much', async () => {
  const { kinds, signers, facilitator: told } = await market.json('/x402/supported');
  assert.deepEqual(kinds.map(({ scheme }) => scheme), ['batch-settlement', 'exact']);
  assert.ok(kinds.every(({ extra }) => !extra?.receiverAuthorizer), 'it signs for nobody');
  assert.equal(signers['eip155:*'].length, 1);
  assert.deepEqual(told, {
    receivers: [LISTED], tokens: [market.token.address], perDay: PER_DAY, gasPerDay: '100000000000000000',
  });
});

let shop;
let paying;

test('a channel: deposit, vouchers, claim and payout go through the node', async () => {
  shop = await openShop(LISTED);
  paying = payingFetch(market, account(1), { deposit: '200000' });
  const [held, received] = await Promise.all([account(1).address, LISTED].map((who) => market.balance(who)));
  for (let call = 0; call < 3; call++) {
    const response = await paying.fetch(`${shop.url}/channel`);
    assert.equal(response.status, 200, JSON.stringify(Object.fromEntries(response.headers)));
    assert.deepEqual(await response.json(), { ok: 1 });
  }
  assert.deepEqual(paying.prompts, ['ReceiveWithAuthorization']);
  assert.equal(await market.balance(account(1).address), held - 200_000n);
  const { claims, settle } = await shop.manager.claimAndSettle();
  assert.equal(claims.length, 1);
  assert.match(settle.transaction, /^0x[0-9a-f]{64}$/);
  assert.deepEqual(await totals(), [3n * PRICE, 3n * PRICE]);
  assert.equal(await market.balance(LISTED), received + 3n * PRICE);
});

test('a one-off payment, which is on chain when the answer comes', async () => {
  const received = await market.balance(LISTED);
  const once = payingFetch(market, account(2), { scheme: 'exact' });
  const response = await once.fetch(`${shop.url}/once`);
  assert.equal(response.status, 200, JSON.stringify(Object.fromEntries(response.headers)));
  const { success, transaction } = decoded(response.headers.get('payment-response'));
  assert.equal(success, true);
  assert.equal((await market.client.getTransactionReceipt({ hash: transaction })).status, 'success');
  assert.equal(await market.balance(LISTED), received + PRICE);
});

test('a refund that the shop has signed brings the rest back', async () => {
  const held = await market.balance(account(1).address);
  const refund = await paying.scheme.refund(`${shop.url}/channel`);
  assert.equal(refund.success, true);
  assert.equal(await market.balance(account(1).address), held + 200_000n - 3n * PRICE);
});

test('after its day\'s count a receiver is refused, and nothing more is sent', async () => {
  const { signers } = await market.json('/x402/supported');
  const sent = () => market.client.getTransactionCount({ address: signers['eip155:*'][0] });
  const before = await sent();
  const held = await market.balance(account(3).address);
  const response = await payingFetch(market, account(3), { scheme: 'exact' }).fetch(`${shop.url}/once`);
  assert.equal(response.status, 402);
  assert.equal(decoded(response.headers.get('payment-response')).errorReason, 'facilitator_limit');
  assert.equal(await market.balance(account(3).address), held);
  assert.equal(await sent(), before);
});

test('a receiver that is not on the list gets nothing', async () => {
  const other = await openShop(STRANGER);
  const held = await market.balance(account(4).address);
  const refused = async (place, scheme) => {
    const response = await payingFetch(market, account(4), { scheme }).fetch(other.url + place);
    assert.equal(response.status, 402);
    return decoded(response.headers.get('payment-required')).error;
  };
  assert.equal(await refused('/channel', 'batch-settlement'), 'invalid_batch_settlement_evm_receiver_mismatch');
  assert.equal(await refused('/once', 'exact'), 'invalid_exact_evm_recipient_mismatch');
  assert.equal(await market.balance(account(4).address), held);
});

test('stoad --check explains a wrong setting', async () => {
  const file = path.join(market.data, 'wrong.toml');
  const good = fs.readFileSync(path.join(market.data, 'stoa.toml'), 'utf8');
  const check = async (from, to) => {
    fs.writeFileSync(file, good.replace(from, to));
    const stoad = path.resolve(import.meta.dirname, '../../build/release/bin/stoad');
    try {
      await promisify(execFile)(stoad, ['--config', file, '--data', market.data, '--check']);
      return '';
    } catch ({ code, stderr }) {
      assert.equal(code, 2);
      return stderr;
    }
  };
  assert.equal(await check('per_day = 5', 'per_day = 6'), '');
  assert.match(await check(LISTED, LISTED.replace(/[a-f]/, (letter) => letter.toUpperCase())), /facilitator\.receivers.*checksum/);
  assert.match(await check('"TestUSD"', '"Gold"'), /facilitator\.tokens.*no token called "Gold"/);
  assert.match(await check(`receivers = ["${LISTED}"]`, ''), /without one it is off/);
});
