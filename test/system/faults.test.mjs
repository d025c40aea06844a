// What a node does when the world fails: a full disk, a chain that is down, foreign or gone, a model file that is not
// the listed one, a worker that dies. It says what is wrong, takes no money, and loses nothing that it acknowledged.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { account, freePort, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const anvil = path.join(root, `contracts/node_modules/@foundry-rs/anvil-linux-${{ x64: 'amd64' }[process.arch] ?? process.arch}/bin/anvil`);
let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const ask = (paying, more = {}) => paying.fetch(`${market.url}/m/stories15m/v1/completions`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'stories15m', prompt: 'Once', max_tokens: 4, temperature: 0, ...more }),
});
const charged = async (index) => (await market.json(`/api/money?address=${account(index).address}`)).items
  .filter(({ kind }) => kind === 'channel').map(({ channel }) => BigInt(channel.charged))[0];
/** Resolves when `probe` gives something, and fails when `ended` does first. */
async function until(probe, ended = () => false) {
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(!ended(), 'the process ended');
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** A stoad of its own, with what it prints; `change` edits the market's configuration. */
async function node({ data, port, change = (text) => text }) {
  const config = path.join(data, 'stoad.toml');
  fs.writeFileSync(config, change(fs.readFileSync(path.join(market.data, 'stoa.toml'), 'utf8')));
  const child = spawn(path.join(root, 'build/release/bin/stoad'),
    ['--config', config, '--data', data, '--port', String(port ?? await freePort())]);
  const it = { child, text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { it.text += piece; });
  it.ended = new Promise((done) => child.once('close', (code) => done(code)));
  return it;
}
const folder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-fault-'));
/** The configuration with the chain at `url`. */
const at = (url) => (text) => text.replace('mode = "embedded"', `mode = "rpc"\nrpc = ["${url}"]`);
async function chain(id, port) {
  const child = spawn(anvil, ['--port', String(port), '--chain-id', String(id), '--slots-in-an-epoch', '1', '--silent',
    '--load-state', path.join(root, 'build/genesis/1337.json')], { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  await until(() => fetch(`http://127.0.0.1:${port}`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
  }).then((response) => response.ok, () => false), () => child.exitCode !== null);
  return { end: () => { child.kill('SIGKILL'); return ended; } };
}

test('a disk that is full ends the node with a reason, and nothing acknowledged is lost', async () => {
  const paying = payingFetch(market, account(3));
  assert.equal((await ask(paying)).status, 200);
  const before = await charged(3);
  const pid = market.pid();
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=4096:4096']);
  const refused = await ask(paying);
  const { error } = await refused.json();
  assert.ok(refused.status >= 500, String(refused.status));
  assert.ok(error.fix.length > 10, JSON.stringify(error));
  await until(() => !fs.existsSync(`/proc/${pid}/exe`));
  assert.match(fs.readFileSync(path.join(market.data, 'log/stoad.log'), 'utf8'), /the ledger can't be written; the node ends/);
  await market.up();
  assert.equal(await charged(3), before);
  assert.equal((await ask(paying)).status, 200);
  assert.equal(await charged(3), before * 2n);
});

test('a worker that is killed in a call leaves the call unpaid, and is started again', async () => {
  const paying = payingFetch(market, account(4));
  assert.equal((await ask(paying)).status, 200);
  const before = await charged(4);
  const workers = () => fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(market.pid()) &&
        fs.readlinkSync(`/proc/${pid}/exe`).endsWith('stoa-worker');
    } catch { return false; }
  }).map(Number);
  const stream = await ask(paying, { max_tokens: 200, stream: true });
  assert.equal(stream.status, 200);
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value;
  const all = workers();
  assert.ok(all.length > 0);
  for (const pid of all) process.kill(pid, 'SIGKILL');
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
  assert.match(text, /engine_failed/);
  assert.doesNotMatch(text, /\[DONE\]/);
  assert.equal(await charged(4), before);
  await until(async () => (await ask(paying)).status === 200);
  assert.equal(await charged(4), before * 2n);
});

test('a chain that does not answer at the start is told', async () => {
  const it = await node({ data: folder(), change: at(`http://127.0.0.1:${await freePort()}`) });
  assert.equal(await it.ended, 1);
  assert.match(it.text, /Connection refused/);
});

test('another chain than the deployment\'s is refused at the start', async () => {
  const port = await freePort();
  const foreign = await chain(713371, port);
  try {
    const it = await node({ data: folder(), change: at(`http://127.0.0.1:${port}`) });
    assert.equal(await it.ended, 1);
    assert.match(it.text, /serves chain 713371, not 1337/);
  } finally { await foreign.end(); }
});

test('a chain that goes away is told to callers until it is back', async () => {
  const port = await freePort();
  let there = await chain(1337, port);
  const nodePort = await freePort();
  const it = await node({ data: folder(), port: nodePort, change: at(`http://127.0.0.1:${port}`) });
  const relay = () => fetch(`http://localhost:${nodePort}/api/relay`).catch(() => null);
  try {
    await until(async () => (await relay())?.ok, () => it.child.exitCode !== null);
    await there.end();
    const refused = await until(async () => { const r = await relay(); return r.ok ? null : r; });
    assert.deepEqual([refused.status, (await refused.json()).code], [503, 'chain_unavailable']);
    there = await chain(1337, port);
    await until(async () => (await relay())?.ok, () => it.child.exitCode !== null);
  } finally {
    it.child.kill('SIGTERM');
    await Promise.all([it.ended, there.end()]);
  }
});

test('a model file that is not the listed one is not served', async () => {
  const data = folder();
  const listed = path.join(root, 'build/models/stories15M.gguf');
  const corrupt = path.join(data, 'stories15M.gguf');
  fs.copyFileSync(listed, corrupt);
  fs.chmodSync(corrupt, 0o600);
  const file = fs.openSync(corrupt, 'r+');
  fs.writeSync(file, Buffer.from([1, 2, 3, 4]), 0, 4, 5_000_000);
  fs.closeSync(file);
  const it = await node({ data, change: (text) => text.replace(listed, corrupt) });
  try {
    await until(() => /a model is not served.*stories15m.*not the one that is listed/.test(it.text),
      () => it.child.exitCode !== null);
    assert.doesNotMatch(it.text, /a model is loaded alias=stories15m/);
  } finally {
    it.child.kill('SIGTERM');
    assert.equal(await it.ended, 0);
  }
});

test('an embedded chain that hangs does not hold the end of the node, and goes on with what it took', async () => {
  const { address } = await market.json('/api/relay');
  const [pid] = fs.readFileSync(path.join(market.data, 'chain/anvil.pid'), 'utf8').split(' ').map(Number);
  const sent = await market.client.getTransactionCount({ address });
  process.kill(pid, 'SIGSTOP');
  await market.down();
  assert.ok(!fs.existsSync(`/proc/${pid}/exe`));
  await market.up();
  // The node's own transactions are sent again once it has coins for gas, which no transaction gave it.
  await until(async () => (await market.client.getTransactionCount({ address })) >= sent);
});

test('a page that watches events does not hold the end of the node', async () => {
  const events = await fetch(`${market.url}/api/events`);
  const reader = events.body.getReader();
  await reader.read();
  await market.close();
  let last;
  do { last = await reader.read(); } while (!last.done);
  assert.ok(!fs.existsSync(market.data));
  market = undefined;
});
