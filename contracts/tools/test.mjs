// npm test [-- forge's options]: unit, fuzz and invariant tests, and the gas of the common calls, which must
// be that of snapshots/. `npm test -- --update-gas` writes it anew.
import fs from 'node:fs';
import path from 'node:path';
import { contracts, forge } from './foundry.mjs';

const args = process.argv.slice(2);
const update = args.includes('--update-gas');
const rest = args.filter((each) => each !== '--update-gas');
process.env.FORGE_SNAPSHOT_CHECK = String(!update && rest.length === 0);
forge('test', ...rest);
if (!fs.existsSync(path.join(contracts, 'snapshots/Gas.json'))) {
  throw new Error('snapshots/Gas.json is missing');
}
