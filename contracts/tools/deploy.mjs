// npm run deploy -- --rpc-url URL [--name NAME] and forge's options for the sender's key, such as --account.
// Deploys to a live chain with script/Deploy.s.sol and writes deployments/<chainId>.json.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { codeHashes, describe, rpc } from './deployment.mjs';
import { forge, root } from './foundry.mjs';

const { values, tokens } = parseArgs({
  options: { 'rpc-url': { type: 'string' }, name: { type: 'string' } }, strict: false, tokens: true,
});
const url = values['rpc-url'];
if (typeof url !== 'string') throw new Error('give --rpc-url URL');
const named = tokens.find((token) => token.kind === 'option' && token.name === 'name');
const forward = process.argv.slice(2);
if (named) forward.splice(named.index, named.inlineValue ? 1 : 2);

const chainId = Number(await rpc(url, 'eth_chainId'));
const before = Number(await rpc(url, 'eth_blockNumber'));
fs.mkdirSync(path.join(root, 'build/genesis'), { recursive: true });
fs.mkdirSync(path.join(root, 'deployments'), { recursive: true });
forge('build', '--skip', 'test');
forge('script', 'script/Deploy.s.sol', '--broadcast', ...forward);

const written = path.join(root, `build/genesis/${chainId}.contracts.json`);
const contracts = JSON.parse(fs.readFileSync(written, 'utf8'));
const genesis = await rpc(url, 'eth_getBlockByNumber', ['0x0', false]);
const file = path.join(root, `deployments/${chainId}.json`);
const former = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
const same = JSON.stringify(former.contracts) === JSON.stringify(contracts);
const deployment = describe({
  chainId, name: values.name ?? former.name ?? `chain ${chainId}`, genesisHash: genesis.hash,
  block: same ? former.block : before, contracts, codeHashes: await codeHashes(url, contracts),
  tokens: former.tokens,
});
fs.rmSync(written);
fs.writeFileSync(file, `${JSON.stringify(deployment, null, 2)}\n`);
console.log(`wrote deployments/${chainId}.json`);
