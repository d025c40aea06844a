// Royalties through every level: base ← top ← leaf, with `other` as the leaf's second parent and the base paid by two ways.
// Each figure that the node tells beforehand is what the chain has afterwards, to the unit.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { getAddress } from 'viem';
import { abi, account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

const mnemonic = path.join(import.meta.dirname, '../vectors/anvil.mnemonic');
const weights = path.resolve(import.meta.dirname, '../../build/models/stories15M.gguf');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-royalties-'));
/** Accounts that hold nothing: their balance is what they were paid. */
const payee = (number) => getAddress(`0x${number.toString(16).padStart(40, 'a')}`);
const [DATA, AUTHOR, TOP1, TOP2, OTHER, LEAF1, LEAF2] = [1, 2, 3, 4, 5, 6, 7].map(payee);
const PEOPLE = [DATA, AUTHOR, TOP1, TOP2, OTHER, LEAF1, LEAF2];

function manifest(name, sha256 = createHash('sha256').update(name).digest('hex')) {
  const file = path.join(folder, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify({
    type: 'ModelListing', name, description: `For the test of royalties: ${name}.`,
    properties: {
      title: `Model ${name}`, task: 'text-generation', license: 'MIT',
      artifacts: [{ role: 'weights', path: `${name}.gguf`, size: 1, sha256 }],
    },
  }));
  return file;
}

/** The same model in a file of its own: what stands behind the last tensor is read by nobody. */
function served(name, tail) {
  const file = path.join(folder, `${name}.gguf`);
  const bytes = Buffer.concat([fs.readFileSync(weights), Buffer.alloc(tail)]);
  fs.writeFileSync(file, bytes);
  manifest(name, createHash('sha256').update(bytes).digest('hex'));
  return `[[models]]\nalias = "${name}"\nfile = "${file}"\nengine = "llama"\nmanifest = "${path.join(folder, `${name}.json`)}"\n`
    + 'per_call = "137"\nper_million_input = "100003"\nper_million_output = "300007"\n';
}

let market;
before(async () => {
  market = await openMarket({ settings: `${served('leaf', 32)}\n${served('dear', 64)}` });
  for (const [name, index] of [['base', 7], ['top', 8], ['other', 9], ['leaf', 6], ['buyer', 5]]) {
    await market.cli('key', 'import', name, '--mnemonic-file', mnemonic, '--index', String(index));
  }
});
after(async () => {
  await market?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const publish = (key, name, ...more) =>
  market.cli('publish', path.join(folder, `${name}.json`), '--key', key, ...more);
const royalties = (name, query = '') => market.json(`/api/models/${name}/royalties${query}`);
const split = (address, functionName, args = []) => market.read(address, abi('Split'), functionName, args);
const held = (accounts) => Promise.all(accounts.map((one) => market.balance(one)));
const pay = async (to, amount) => {
  const hash = await market.wallet(5).writeContract({
    address: market.token.address, abi: abi('TestUSD'), functionName: 'transfer', args: [to, amount],
  });
  await market.client.waitForTransactionReceipt({ hash });
};
/** What was said of each beforehand is what each has. */
async function same({ payees }, key, moment) {
  for (const one of payees) {
    if (!PEOPLE.includes(one.account)) continue;
    assert.equal(await market.balance(one.account), BigInt(one[key]), `${moment}: ${one.account}`);
  }
}

test('a model is set up on two others, and who is paid is told before anything is sent', async () => {
  manifest('base');
  manifest('top');
  manifest('other');
  await publish('base', 'base', '--derivable', '1000', '--payee', `${DATA}:1:data provider`, '--payee', `${AUTHOR}:2:author`);
  const planned = await publish('top', 'top', '--base', 'base', '--dry-run');
  assert.deepEqual([planned.dryRun, planned.model, planned.transactions], [true, '0', []]);
  assert.deepEqual(planned.waterfall.bases.map(({ bps, leastBps, title }) => [bps, leastBps, title]), [[1000, 1000, 'Model base']]);
  await publish('top', 'top', '--base', 'base@1:3333', '--derivable', '0', '--split', `${TOP1}:142857,${TOP2}:857143`);
  await publish('other', 'other', '--base', 'base', '--derivable', '1250', '--payee', `${OTHER}:1`);
  const made = await publish('leaf', 'leaf', '--base', 'other', '--base', 'top:2500', '--derivable', '100', '--price', '5.00',
    '--payee', `${LEAF1}:1`, '--payee', `${LEAF2}:2`, '--file', path.join(folder, 'leaf.gguf'));
  assert.equal(made.transactions.length, 2);

  const { splits, payees } = await royalties('leaf');
  assert.deepEqual(splits.map(({ title, level }) => [title, level]).sort(),
    [['Model base', 2], ['Model leaf', 0], ['Model other', 1], ['Model top', 1]]);
  for (const { address, payees: listed } of splits) {
    const onChain = (await split(address, 'payees')).map((one) => [one.account, one.share]);
    assert.deepEqual(listed.map((one) => [one.account, one.share]), onChain);
  }
  const roles = Object.fromEntries(payees.map(({ account: who, role }) => [who, role]));
  assert.deepEqual([roles[DATA], roles[AUTHOR], roles[LEAF1]], ['data provider', 'author', undefined]);
  // 0.25 · 0.3333 + 0.125 · 0.1, of which a third is the data provider's.
  assert.equal(payees.find(({ account: who }) => who === DATA).whole, 31941);
  const again = await publish('leaf', 'leaf', '--base', 'other', '--base', 'top:2500', '--derivable', '100',
    '--payee', `${LEAF1}:1`, '--payee', `${LEAF2}:2`, '--price', '5.00', '--file', path.join(folder, 'leaf.gguf'));
  assert.equal(again.changed, false);
});

test('what the contract would refuse is explained before anything is sent', async () => {
  manifest('closed');
  manifest('next');
  await publish('base', 'closed');
  const refused = (code, ...bases) =>
    assert.rejects(publish('leaf', 'next', ...bases.flatMap((base) => ['--base', base])), code);
  await refused(/not_derivable/, 'closed');
  await refused(/base_underpaid/, 'base:999');
  await refused(/bases_take_too_much/, 'base:3000', 'other:2001');
  await refused(/base_twice/, 'base', 'base@1:2000');
  await refused(/bad_base/, 'base@0');
  await refused(/unknown_model/, 'nobody-has-this');
  await assert.rejects(publish('leaf', 'leaf', '--base', 'base'), /bases_fixed/);
  let above = 'leaf';
  for (const name of ['d3', 'd4', 'd5', 'd6', 'd7']) {
    manifest(name);
    await publish('leaf', name, '--base', above, '--derivable', '0');
    above = name;
  }
  await refused(/too_deep/, 'd7');
});

test('a licence is sold: each gets what was told, through every level, paid out by the node for anyone', async () => {
  const { splits, payTo } = await royalties('leaf');
  const told = await royalties('leaf', '?amount=5000000');
  const { licences } = await market.cli('buy', 'leaf', '--key', 'buyer');
  assert.equal(licences.length, 1);
  const waiting = await royalties('leaf');
  assert.equal(waiting.splits[0].received, '5000000');
  assert.equal(waiting.payees.find(({ account: who }) => who === DATA).due, '0');
  assert.equal(BigInt(waiting.payees.find(({ account: who }) => who === DATA).transit),
    BigInt(told.payees.find(({ account: who }) => who === DATA).after));
  const done = await market.cli('claim', 'leaf');
  assert.equal(done.amount, waiting.pullable);
  await same(told, 'after', 'after the sale');
  const atBase = (1_250_000n * 333_300n) / 1_000_000n + (625_000n * 100_000n) / 1_000_000n;
  assert.deepEqual(await held([DATA, AUTHOR]), [(atBase * 333_333n) / 1_000_000n, (atBase * 666_667n) / 1_000_000n]);
  const paid = (await held(PEOPLE)).reduce((a, b) => a + b);
  const left = (await held(splits.map(({ address }) => address))).reduce((a, b) => a + b);
  assert.equal(paid + left, 5_000_000n);
  assert.ok(left < 10n);
  assert.deepEqual(await market.cli('claim', 'leaf'), { amount: '0', transaction: null });
  const nothing = await fetch(`${market.url}/api/relay`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'release', model: 'leaf', token: market.token.address }),
  });
  assert.deepEqual([nothing.status, (await nothing.json()).code], [409, 'nothing_due']);
  assert.equal(payTo, splits[0].address);
});

test('sales of any sum, with anyone drawing in between, leave each with what was told', async () => {
  let seed = 20261125;
  const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % below; };
  const { splits } = await royalties('leaf');
  for (let round = 0; round < 8; round++) {
    const amount = BigInt(1 + random(round % 2 ? 50 : 3_000_000));
    const told = await royalties('leaf', `?amount=${amount}`);
    await pay(told.payTo, amount);
    for (let draw = random(4); draw > 0; draw--) {
      const { address, payees } = splits[random(splits.length)];
      const to = payees[random(payees.length)].account;
      const due = await split(address, 'due', [market.token.address, to]);
      const now = (await royalties('leaf')).splits.find((one) => one.address === address).payees.find((one) => one.account === to);
      assert.equal(BigInt(now.due), due);
      await market.wallet(2).writeContract({ address, abi: abi('Split'), functionName: 'claim', args: [market.token.address, to] });
    }
    const after = await royalties('leaf');
    for (const { account: who, after: sum } of told.payees) {
      const now = after.payees.find((one) => one.account === who);
      assert.equal(BigInt(now.claimed) + BigInt(now.due) + BigInt(now.transit), BigInt(sum), `round ${round}`);
    }
    if (random(2)) continue;
    await market.cli('claim', 'leaf', ...(round % 4 ? [] : ['--own-gas', '--key', 'buyer']));
    await same(told, 'after', `round ${round}`);
  }
});

test('paid calls reach every level: channel, receiver, and the splits of four models', async () => {
  const offered = async () => (await market.json('/api/models/leaf')).services[0];
  while (!await offered()) await new Promise((next) => setTimeout(next, 100));
  const service = await offered();
  await market.cli('claim', 'leaf');
  const before = await royalties('leaf', `?service=${service.id}`);
  const ask = { model: 'leaf', prompt: 'Once upon a time', max_tokens: 24, temperature: 0 };
  const paying = payingFetch(market, account(2));
  for (let call = 0; call < 3; call++) {
    const answer = await paying.fetch(`${market.url}/m/leaf/v1/completions`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(ask),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
  }
  const { channel } = (await market.json(`/api/money?address=${account(2).address}`)).items.find(({ kind }) => kind === 'channel');
  const told = await royalties('leaf', `?service=${service.id}&amount=${channel.charged}`);
  await market.cli('claim');
  assert.equal(await market.balance(service.receiver), BigInt(channel.charged));
  const source = (await royalties('leaf')).sources.find(({ kind }) => kind === 'service');
  assert.deepEqual([source.address, source.due], [service.receiver, String(BigInt(channel.charged) / 2n)]);
  await market.cli('claim', 'leaf');
  await same(told, 'after', 'after the calls');
  const gained = told.payees.filter(({ account: who }) => PEOPLE.includes(who))
    .reduce((all, { after: now, account: who }) => all + BigInt(now) - BigInt(before.payees.find((one) => one.account === who).claimed), 0n);
  assert.ok(gained > 0n && gained <= BigInt(channel.charged) / 2n + 8n);
  assert.equal(told.payees.find(({ role }) => role === 'provider').gets, String(BigInt(channel.charged) / 2n));
});

test('a price below what the makers ask for is no service, and the node says which price would be', async () => {
  await publish('leaf', 'dear', '--royalty', '50', '--least-per-call', '0.0001', '--least-per-million', '0.20');
  const { royalty } = await market.json('/api/models/dear');
  assert.deepEqual([royalty.callBps, royalty.leastPerCall, royalty.leastPerMillion], [5000, '100', '200000']);
  const said = async () => (await market.json('/readyz')).models.dear;
  while (/listing|loading/.test(await said())) await new Promise((next) => setTimeout(next, 100));
  assert.match(await said(), /below what its makers ask for.*per_call to 200 .*per_million_output to 400000 /);
  assert.deepEqual((await market.json('/api/models/dear')).services, []);
});

test('the command line shows who earns what, for people', async () => {
  const shown = market.talk('cli', 'royalties', 'leaf', '--amount', '5.00');
  let text = '';
  for await (const chunk of shown.stdout) text += chunk;
  assert.match(text, /25\.0000 % {2}Model top \(model \d+\), which passes on:/);
  assert.match(text, new RegExp(`8\\.3325 %  Model base \\(model \\d+\\), which passes on:\\n +2\\.7774 %  ${DATA}  data provider`));
  assert.match(text, /before +gets +after/);
});
