// Measures @x402/express beside the node: a chain of its own, a facilitator, a server with a handler
// that does nothing, channels opened by the stock client, then vouchers signed beforehand. Prints
// one line of JSON. Needs what `./dev bench` installs and builds.
import { fork, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const CONNECTIONS = 16;
const WARM = 20;
const CALLS = 60;
const children = [];

function freePort() {
  return new Promise((done, fail) => {
    const server = net.createServer().once('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function startChain() {
  const folder = path.join(root, 'contracts/node_modules/@foundry-rs');
  const [binary] = fs.readdirSync(folder).filter((name) => name.startsWith('anvil-'))
    .map((name) => path.join(folder, name, 'bin/anvil'));
  const port = await freePort();
  const chain = spawn(binary, ['--host', '127.0.0.1', '--port', String(port), '--quiet',
    '--load-state', path.join(root, 'build/genesis/1337.json'), '--chain-id', '1337'],
  { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(chain);
  chain.once('exit', (code) => { if (code) throw new Error(`the chain ended with ${code}`); });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const answer = await rpc(url).catch(() => undefined);
    if (answer === '0x539') return url;
    if (answer) throw new Error(`another chain is on port ${port}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

async function rpc(url) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
  const headers = { 'content-type': 'application/json' };
  return (await (await fetch(url, { method: 'POST', headers, body })).json()).result;
}

/** A process of ours that says its port, and its processor time when asked. */
async function start(script, env) {
  const child = fork(path.join(import.meta.dirname, script), [],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.push(child);
  const next = () => new Promise((done, fail) => {
    child.once('message', done).once('exit', () => fail(new Error(`${script} ended`)));
  });
  const { port } = await next();
  const processor = async () => {
    const answer = next();
    child.send('cpu');
    return (await answer).us;
  };
  return { url: `http://127.0.0.1:${port}`, port, processor };
}

function call(agent, port, header) {
  return new Promise((done, fail) => {
    http.get({ agent, host: '127.0.0.1', port, path: '/paid',
      headers: { 'PAYMENT-SIGNATURE': header } }, (response) => {
      response.resume().once('end', () => {
        response.statusCode === 200 ? done() : fail(new Error(`the peer says ${response.statusCode}`));
      });
    }).once('error', fail);
  });
}

/** Every connection sends its calls one after the other. */
async function load(port, channels) {
  const began = process.hrtime.bigint();
  await Promise.all(channels.map(async (headers) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const header of headers) await call(agent, port, header);
    agent.destroy();
  }));
  return Number(process.hrtime.bigint() - began) / 1e9;
}

try {
  const deployment = JSON.parse(
    fs.readFileSync(path.join(root, 'deployments/1337.json'), 'utf8'));
  const token = deployment.tokens.find(({ symbol }) => symbol === 'TestUSD');
  const RPC = await startChain();
  const shared = { RPC, TOKEN: JSON.stringify(token) };
  const facilitator = await start('facilitator.mjs', shared);
  const server = await start('server.mjs', { ...shared, FACILITATOR: facilitator.url });
  process.env.RPC = RPC;
  const { openChannels } = await import('./buyers.mjs');
  const channels = await openChannels(server.url, CONNECTIONS, WARM + CALLS);
  await load(server.port, channels.map((headers) => headers.slice(0, WARM)));
  const before = await server.processor();
  const seconds = await load(server.port, channels.map((headers) => headers.slice(WARM)));
  const calls = CONNECTIONS * CALLS;
  const processorUs = (await server.processor() - before) / calls;
  console.log(JSON.stringify({ processorUs, perSecond: calls / seconds }));
} finally {
  for (const child of children) child.kill('SIGTERM');
}
process.exit(process.exitCode ?? 0);
