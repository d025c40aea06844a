// Compiles the contracts and writes abi/<Name>.json, which the node, the dApp and the tests read.
import fs from 'node:fs';
import path from 'node:path';
import { contracts, forge } from './foundry.mjs';

const NAMES = [
  'Channels', 'ERC3009DepositCollector', 'Permit2DepositCollector', 'ModelRegistry', 'Licences', 'Market',
  'Halls', 'Plans', 'ModelSales', 'Splits', 'Split', 'Services', 'Receiver', 'Purses', 'Purse', 'TestUSD', 'Multicall3',
];

forge('build', '--skip', 'test', '--skip', 'script');
const folder = path.join(contracts, 'abi');
fs.mkdirSync(folder, { recursive: true });
for (const name of NAMES) {
  const artifact = path.join(contracts, `out/${name}.sol/${name}.json`);
  const { abi } = JSON.parse(fs.readFileSync(artifact, 'utf8'));
  const text = `[\n${abi.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n`;
  const file = path.join(folder, `${name}.json`);
  if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) fs.writeFileSync(file, text);
}
