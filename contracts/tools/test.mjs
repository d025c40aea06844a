// npm test [-- forge's options]: unit, fuzz and invariant tests; the gas of the common calls, which must be that
// of snapshots/; and the genesis on a real anvil. `npm test -- --update-gas` writes the gas anew.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { contracts, forge } from './foundry.mjs';

const args = process.argv.slice(2);
const update = args.includes('--update-gas');
const rest = args.filter((each) => each !== '--update-gas');
process.env.FORGE_SNAPSHOT_CHECK = String(!update);
forge('test', ...rest);
if (rest.length === 0) {
  const { status } = spawnSync(process.execPath,
    ['--test', path.join(contracts, 'test/genesis.test.mjs')], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
