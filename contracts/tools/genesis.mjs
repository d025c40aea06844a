// Makes the embedded chain's beginning: build/genesis/1337.json, a state for `anvil --load-state`, and
// deployments/1337.json, which says what stands where. The contracts come from script/Deploy.s.sol.
// Everything in it follows from the code, so every machine makes the same first block.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { forge, root, startAnvil } from './foundry.mjs';
import { codeHashes, describe, rpc } from './deployment.mjs';

const CHAIN_ID = 1337;
const GENESIS_TIME = 1_735_689_600; // 2025-01-01; blocks after the first carry the machine's time
const GAS_LIMIT = 60_000_000;
const FACTORY = '0x4e59b44847b379578588920ca78fbf26c0b4956c';

const folder = path.join(root, 'build/genesis');
fs.mkdirSync(folder, { recursive: true });
fs.mkdirSync(path.join(root, 'deployments'), { recursive: true });
forge('script', 'script/Deploy.s.sol', '--sig', 'genesis()');

const file = (name) => path.join(folder, name);
const contracts = JSON.parse(fs.readFileSync(file(`${CHAIN_ID}.contracts.json`), 'utf8'));

/** What the script left in the state, without the script itself and its sender. */
function allocation() {
  const dumped = JSON.parse(fs.readFileSync(file('alloc.json'), 'utf8'));
  const kept = Object.entries(dumped)
    .filter(([, account]) => account.code !== '0x' && !isScript(account))
    .map(([address, account]) => [address, {
      balance: '0x0', nonce: account.nonce === '0x0' ? '0x1' : account.nonce, code: account.code,
      storage: Object.fromEntries(Object.entries(account.storage ?? {}).sort()),
    }]);
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The script's own code is the one that holds the name of its dump. */
function isScript(account) {
  return account.code.includes(Buffer.from('build/genesis/alloc.json').toString('hex').slice(0, 40));
}

/**
 * Anvil's first block has no state root and takes no extra data. So its time, some second of the half
 * year after GENESIS_TIME, follows from the state: other contracts make another genesis hash.
 */
function genesis(alloc) {
  const digest = crypto.createHash('sha256').update(JSON.stringify(alloc)).digest();
  const time = GENESIS_TIME + digest.readUIntBE(0, 3);
  return {
    config: { chainId: CHAIN_ID }, nonce: '0x0', difficulty: '0x0', extraData: '0x',
    timestamp: `0x${time.toString(16)}`, gasLimit: `0x${GAS_LIMIT.toString(16)}`, alloc,
  };
}

/** Whoever reads it meanwhile sees the old file or the new one, whole. */
function replace(to, content) {
  fs.writeFileSync(`${to}.new`, content);
  fs.renameSync(`${to}.new`, to);
}

/** Anvil writes the state itself: the form that it loads again belongs to its version. */
async function dump(url, to) {
  const state = await rpc(url, 'anvil_dumpState');
  replace(to, zlib.gunzipSync(Buffer.from(state.slice(2), 'hex')));
}

const alloc = allocation();
// The contracts, the four implementations that clones run, and the CREATE2 factory: nothing else.
const expected = Object.keys(contracts).length + 5;
if (!alloc[FACTORY] || Object.keys(alloc).length !== expected) {
  throw new Error(`the state holds ${Object.keys(alloc)}, which are not ${expected}`);
}
fs.writeFileSync(file('alloc.json'), JSON.stringify(genesis(alloc)));
const anvil = await startAnvil('--init', file('alloc.json'), '--chain-id', String(CHAIN_ID),
  '--gas-limit', String(GAS_LIMIT), '--no-mining');
let deployment;
try {
  await dump(anvil.url, file(`${CHAIN_ID}.json`));
  const block = await rpc(anvil.url, 'eth_getBlockByNumber', ['0x0', false]);
  deployment = describe({
    chainId: CHAIN_ID, name: 'Stoa development chain', genesisHash: block.hash, block: 0, contracts,
    codeHashes: await codeHashes(anvil.url, contracts),
  });
} finally {
  await anvil.stop();
}
fs.rmSync(file('alloc.json'));
fs.rmSync(file(`${CHAIN_ID}.contracts.json`));
replace(
  path.join(root, `deployments/${CHAIN_ID}.json`), `${JSON.stringify(deployment, null, 2)}\n`);
console.log(`chain ${CHAIN_ID} begins with ${deployment.genesisHash}`);
