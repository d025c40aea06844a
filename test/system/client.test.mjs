// @stoa/client under the unmodified openai package, against the real node.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { createStoaFetch, laneOf } from '../../dapp/packages/client/dist/index.js';
import { fileStore } from '../../dapp/packages/client/dist/node.js';
import { abi, account, openMarket } from './market.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const story = (stream, max_tokens = 24) =>
  ({ model: 'stories15m', prompt: 'Once upon a time', max_tokens, temperature: 0, stream });

/** A wallet whose every signature is counted. */
function wallet(index) {
  const { address, signTypedData } = account(index);
  const signed = [];
  return {
    signed, address,
    signTypedData: (data) => {
      signed.push(data.primaryType);
      return signTypedData(data);
    },
  };
}

function paying(options) {
  const fetch = createStoaFetch({ node: market.url, ...options });
  const openai = new OpenAI({ baseURL: `${market.url}/v1`, apiKey: 'unused', fetch });
  return { fetch, openai };
}

async function collect(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  return text;
}

test('whole answers, streams and embeddings are paid; the rest comes back to the last unit', async () => {
  const signer = wallet(5);
  const before = await market.balance(signer.address);
  const { fetch, openai } = paying({ signer, deposit: '0.50' });
  const whole = await openai.completions.create(story(false));
  assert.match(whole.choices[0].text, /Lily/);
  assert.equal(await collect(await openai.completions.create(story(true))), whole.choices[0].text);
  const { data } = await openai.embeddings.create({
    model: 'minilm', input: 'A man is eating food.', encoding_format: 'float',
  });
  assert.equal(data[0].embedding.length, 384);
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization']);

  const charged = (await fetch.sessions()).reduce((sum, one) => sum + BigInt(one.charged), 0n);
  assert.ok(charged > 0n);
  await fetch.close();
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization', 'Exit']);
  assert.equal(await market.balance(signer.address), before - charged);
});

test('after everything came back, the next call goes on, also on the same channel', async () => {
  const signer = wallet(5);
  const before = await market.balance(signer.address);
  const { fetch, openai } = paying({ signer, deposit: '0.50' });
  for (let round = 0; round < 2; round++) {
    await openai.completions.create(story(false));
    await openai.completions.create(story(false));
    await fetch.close();
  }
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization', 'Exit', 'ReceiveWithAuthorization', 'Exit']);
  const spent = before - await market.balance(signer.address);
  assert.ok(spent > 0n && spent < 100_000n, `${spent}`);
});

const sumOf = (list, of) => list.reduce((sum, one) => sum + BigInt(of(one)), 0n);

test('eight calls of one model at once run on lanes, by one signature; the books equal the chain, and one more brings all back', async () => {
  const signer = wallet(5);
  const before = await market.balance(signer.address);
  const { fetch, openai } = paying({ signer, fund: '2.00', deposit: '0.40' });
  const texts = await Promise.all(Array.from({ length: 8 }, async (_, n) =>
    (n % 2 === 0 ? collect(await openai.completions.create(story(true)))
      : (await openai.completions.create(story(false))).choices[0].text)));
  assert.equal(new Set(texts).size, 1);
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization']);

  const sessions = await fetch.sessions();
  const lanes = sessions.map(laneOf).sort();
  assert.ok(lanes.length > 1 && lanes.length <= 4, `${lanes}`);
  assert.deepEqual(lanes, [0, 1, 2, 3].slice(0, lanes.length));
  assert.ok(sessions.filter(({ charged }) => charged !== '0').length > 1);
  const charged = sumOf(sessions, (one) => one.charged);

  // What the device, the node and the contract say of each lane is the same, to the unit.
  const [{ purse, balance, channels, key }] = await fetch.purses();
  assert.equal(channels.length, lanes.length);
  assert.equal(key.spends, lanes.length);
  for (const { channelId, lane, service, balance: held, claimed } of channels) {
    const own = sessions.find((one) => one.channelId === channelId);
    assert.deepEqual([lane, service, held], [laneOf(own), own.service, own.balance]);
    const config = await market.read(purse, abi('Purse'), 'channelOf', [own.config.payerAuthorizer, BigInt(service), BigInt(lane)]);
    assert.equal(config[1], channelId);
    const chain = await market.read(market.contracts.Channels, abi('Channels'), 'channels', [channelId]);
    assert.deepEqual(chain.map(String), [held, claimed]);
  }
  assert.equal(BigInt(balance), await market.balance(purse));
  const { items } = await market.json(`/api/money?address=${signer.address}`);
  const mine = items.filter(({ kind, side }) => side === 'buyer' && kind !== 'wallet');
  assert.deepEqual(mine.filter(({ state, channel }) => channel && state === 'refundable').map(({ channel }) => channel.lane).sort(), lanes);
  assert.equal(sumOf(mine.filter(({ state }) => state === 'refundable'), (one) => one.amount), 2_000_000n - charged);

  assert.equal(await fetch.close(), 2_000_000n - charged);
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization', 'Exit']);
  assert.equal(await market.balance(signer.address), before - charged);
  for (const { channelId } of sessions) {
    const [left, claimed] = await market.read(market.contracts.Channels, abi('Channels'), 'channels', [channelId]);
    assert.equal(left, claimed);
  }
});

test('without money for another lane calls at once take turns, and nobody is asked', async () => {
  const signer = wallet(1);
  const { fetch, openai } = paying({ signer, deposit: '0.40', policy: { perService: '0.41' } });
  const calls = await Promise.all(Array.from({ length: 4 }, () => openai.completions.create(story(false))));
  assert.equal(new Set(calls.map(({ choices: [{ text }] }) => text)).size, 1);
  assert.deepEqual((await fetch.sessions()).map(laneOf), [0]);
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization']);
  await fetch.close();
});

test('the limits hold, and the openai package shows their reason', async () => {
  const signer = wallet(6);
  const refused = (policy, request, code) => assert.rejects(
    paying({ signer, policy }).openai.completions.create(request),
    (error) => error.status === 403 && error.code === code);
  await refused({ models: ['minilm'] }, story(false), 'policy_models');
  for (const [policy, code] of [
    [{ perSession: '0.000001' }, 'policy_per_session'], [{ perService: '0.000001' }, 'policy_per_service'],
    [{ perDay: '0.000001' }, 'policy_per_day'], [{ cap: '0.000001' }, 'policy_cap'], [{ expires: 1 }, 'policy_expires'],
  ]) await refused(policy, story(false), code);
  assert.deepEqual(signer.signed, []);
  await refused({ perCall: '0.000001' }, story(false), 'policy_per_call');
});

test('the limits stand on chain, and a key can be ended', async () => {
  const signer = wallet(4);
  const { fetch, openai } = paying({ signer, deposit: '0.25', policy: { cap: '2', perDay: '0.50', perService: '0.40' } });
  await openai.completions.create(story(false));
  const [{ balance, key }] = await fetch.purses();
  assert.equal(balance, '1750000');
  assert.deepEqual([key.left, key.leftToday, key.capPerDay, key.capPerService, key.spends, key.valid],
    ['1750000', '250000', '500000', '400000', 1, true]);
  await fetch.revoke();
  assert.equal((await fetch.purses())[0].key.valid, false);
  await fetch.close();
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization', 'Revoke', 'Exit']);
});

test('a program that has only a key of the purse opens sessions by itself', async () => {
  const file = path.join(market.data, 'purse.json');
  const signer = wallet(3);
  const owner = paying({ signer, store: fileStore(file), deposit: '0.25', policy: { cap: '0.60' } });
  await owner.openai.completions.create(story(false));
  const { key } = await fileStore(file).load();
  const agent = paying({ purse: { owner: signer.address, key }, deposit: '0.25' });
  const { data } = await agent.openai.embeddings.create({ model: 'minilm', input: 'x', encoding_format: 'float' });
  assert.equal(data[0].embedding.length, 384);
  assert.deepEqual(signer.signed, ['ReceiveWithAuthorization']);
  await owner.fetch.close();
});

test('eight devices spend from one purse at once, and one signature brings all of it back', async () => {
  const signer = wallet(2);
  const before = await market.balance(signer.address);
  const devices = Array.from({ length: 8 }, () => paying({ signer, fund: '2.00', deposit: '0.20' }));
  // One after the other: policies of one owner are signed in order, and a node carries twenty a day.
  for (const { openai } of devices) await openai.completions.create(story(false, 8));
  await Promise.all(devices.flatMap(({ openai }) => [1, 2].map(() => openai.completions.create(story(false, 8)))));
  const sessions = (await Promise.all(devices.map(({ fetch }) => fetch.sessions()))).flat();
  assert.equal(new Set(sessions.map(({ channelId }) => channelId)).size, sessions.length);
  assert.equal(new Set(sessions.map(({ config }) => config.payerAuthorizer)).size, 8);
  const charged = sessions.reduce((sum, one) => sum + BigInt(one.charged), 0n);
  assert.ok(charged > 0n);
  await devices[0].fetch.close();
  assert.equal(await market.balance(signer.address), before - charged);
});

test('a session outlives the process, and is spent by a program that holds no wallet', async () => {
  const file = path.join(market.data, 'agent.json');
  const signer = wallet(6);
  await paying({ signer, store: fileStore(file) }).openai.completions.create(story(false));
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  await paying({ signer, store: fileStore(file) }).openai.completions.create(story(false));
  // What the test before left in the purse is enough: limits alone are signed, once.
  assert.deepEqual(signer.signed, ['SetPolicy']);

  const { key, channels: [channel] } = await fileStore(file).load();
  const { openai } = paying({ session: { key, channel } });
  assert.match(await collect(await openai.completions.create(story(true))), /Lily/);
  await assert.rejects(openai.embeddings.create({ model: 'minilm', input: 'x' }), /changed this service/);
});
