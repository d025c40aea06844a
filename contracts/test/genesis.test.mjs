// The embedded chain's first block, as the node starts it: anvil loads it, and it is the same everywhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { codeHashes, rpc } from '../tools/deployment.mjs';
import { contracts, root, startAnvil } from '../tools/foundry.mjs';

const STATE = path.join(root, 'build/genesis/1337.json');
const FILE = path.join(root, 'deployments/1337.json');
const FIRST = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'; // account 0 of anvil's public mnemonic

let deployment;
let chain;

before(async () => {
  makeGenesis();
  deployment = JSON.parse(fs.readFileSync(FILE, 'utf8'));
  chain = await startAnvil('--load-state', STATE, '--chain-id', '713371');
});
after(async () => { await chain?.stop(); });

function makeGenesis() {
  execFileSync(process.execPath, [path.join(contracts, 'tools/genesis.mjs')], { stdio: 'pipe' });
}

/** The result of a call whose arguments are words. */
function call(to, selector, ...words) {
  const data = selector + words.map((word) => word.slice(2).toLowerCase().padStart(64, '0')).join('');
  return rpc(chain.url, 'eth_call', [{ to, data }, 'latest']);
}

test('making it again changes no byte', () => {
  const once = [fs.readFileSync(STATE), fs.readFileSync(FILE)];
  makeGenesis();
  assert.deepEqual([fs.readFileSync(STATE), fs.readFileSync(FILE)], once);
});

test('the first block is the one that the deployment names', async () => {
  const block = await rpc(chain.url, 'eth_getBlockByNumber', ['0x0', false]);
  assert.equal(block.hash, deployment.genesisHash);
  assert.equal(deployment.block, 0);
});

test('every contract stands there with the code that the deployment names', async () => {
  assert.deepEqual(await codeHashes(chain.url, deployment.contracts), deployment.codeHashes);
  assert.equal(deployment.contracts.Channels, '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003');
  assert.equal(deployment.contracts.Multicall3, '0xcA11bde05977b3631167028862bE2a173976CA11');
});

test('the test accounts hold TestUSD and the coin', async () => {
  const [token] = deployment.tokens;
  assert.equal(BigInt(await call(token.address, '0x70a08231', FIRST)), 10_000_000_000n);
  assert.ok(BigInt(await rpc(chain.url, 'eth_getBalance', [FIRST, 'latest'])) > 0n);
});

test('transactions work on it', async () => {
  const to = deployment.tokens[0].address;
  const data = `0xb86d1d63${'dead'.padStart(64, '0')}`; // faucet(address)
  const hash = await rpc(chain.url, 'eth_sendTransaction', [{ from: FIRST, to, data }]);
  let receipt = null;
  while (receipt === null) receipt = await rpc(chain.url, 'eth_getTransactionReceipt', [hash]);
  assert.equal(receipt.status, '0x1');
  assert.equal(receipt.blockNumber, '0x1');
  assert.equal(BigInt(await call(to, '0x70a08231', '0xdead')), 1_000_000_000n);
});
