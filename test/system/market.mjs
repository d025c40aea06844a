// A whole marketplace for one test file: what `./dev up` starts, on a folder and a port of its own.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createPublicClient, createWalletClient, defineChain, http } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

/** Anvil's public test accounts: everybody's, so good for development chains alone. */
const MNEMONIC = 'test test test test test test test test test test test junk';
export const account = (addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex });

/** A port that was free a moment ago; the node refuses to start where it no longer is. */
export function freePort() {
  return new Promise((done, fail) => {
    const server = net.createServer().once('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/**
 * Starts a marketplace with the small models, and with `settings`, TOML that is added to its
 * configuration. End it with `close()`, which removes its data.
 */
export async function openMarket({ keep, settings } = {}) {
  const data = keep ?? fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-market-'));
  const market = new Market(data, await freePort());
  await market.up();
  if (settings) {
    await market.down();
    fs.appendFileSync(path.join(data, 'stoa.toml'), `\n${settings}\n`);
    await market.up();
    // An anvil that was started from a dump knows no state before it: `safe` must be past that.
    await market.rpc('anvil_mine', ['0x4']);
  }
  return market;
}

export class Market {
  constructor(data, port) {
    Object.assign(this, { data, port, url: `http://localhost:${port}` });
  }

  /** Starts it, or resumes what a stop or a kill left. */
  async up() {
    await dev('up', '--detach', '--fast', '--data', this.data, '--port', String(this.port));
    this.deployment = await this.json('/api/deployment');
    const { chainId, name, rpcUrl, nativeCurrency, contracts, tokens } = this.deployment;
    this.contracts = contracts;
    this.token = tokens.find((token) => token.symbol === 'TestUSD');
    this.useChain(rpcUrl, { id: chainId, name, nativeCurrency });
  }

  /** From now on the chain is asked there, as when no node is up. */
  useChain(url, { id, name, nativeCurrency } = this.chain) {
    this.chain = defineChain({ id, name, nativeCurrency, rpcUrls: { default: { http: [url] } } });
    this.client = createPublicClient({ chain: this.chain, transport: http(), pollingInterval: 100 });
  }

  wallet(index) {
    return createWalletClient({ account: account(index), chain: this.chain, transport: http() });
  }

  pid() { return Number(fs.readFileSync(path.join(this.data, 'run/stoad.pid'), 'utf8')); }

  /** The node dies as in a power cut: at once, with nothing said. */
  async kill() {
    const pid = this.pid();
    process.kill(pid, 'SIGKILL');
    while (fs.existsSync(`/proc/${pid}/exe`)) await new Promise((next) => setTimeout(next, 10));
  }

  down() { return dev('down', '--data', this.data); }

  async close() {
    await this.down();
    fs.rmSync(this.data, { recursive: true, force: true });
  }

  /** Asks the chain itself, past the node. */
  async rpc(method, params) {
    const port = fs.readFileSync(path.join(this.data, 'chain/anvil.port'), 'utf8').trim();
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return (await response.json()).result;
  }

  /** The answer of a route that must succeed. */
  async json(route, options) {
    const response = await fetch(this.url + route, options);
    const text = await response.text();
    if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  read(address, abi, functionName, args = []) {
    return this.client.readContract({ address, abi, functionName, args });
  }

  balance(holder) { return this.read(this.token.address, abi('TestUSD'), 'balanceOf', [holder]); }

  /** Runs the command line against this node and returns what `--json` printed. */
  cli(...args) { return this.cliIn('cli', ...args); }

  /** The same with keys and sessions of another folder, as on another machine. */
  async cliIn(folder, ...args) {
    const { stdout } = await run(path.join(root, 'build/release/bin/stoa'),
      [...args, '--node', this.url, '--data', path.join(this.data, folder), '--json']);
    return JSON.parse(stdout);
  }

  /** Starts a command that writes to people, piece by piece. */
  talk(folder, ...args) {
    return spawn(path.join(root, 'build/release/bin/stoa'),
      [...args, '--node', this.url, '--data', path.join(this.data, folder)],
      { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Starts a command that goes on, such as `proxy`; resolves with its first JSON line. */
  background(...args) { return this.backgroundIn('cli', ...args); }

  async backgroundIn(folder, ...args) {
    const child = spawn(path.join(root, 'build/release/bin/stoa'),
      [...args, '--node', this.url, '--data', path.join(this.data, folder), '--json'],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const chunk of child.stdout) {
      text += chunk;
      if (text.includes('\n')) break;
    }
    return { said: JSON.parse(text.split('\n')[0]), close: () => child.kill('SIGTERM') };
  }
}

export function abi(name) {
  return JSON.parse(fs.readFileSync(path.join(root, `contracts/abi/${name}.json`), 'utf8'));
}

async function dev(...args) {
  try {
    await run(path.join(root, 'dev'), args, { cwd: root, maxBuffer: 1 << 24 });
  } catch (error) {
    throw new Error(`./dev ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
  }
}
