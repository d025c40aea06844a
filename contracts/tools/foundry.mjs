// The native Foundry binaries that npm installed, and the folders of this package.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const contracts = path.resolve(import.meta.dirname, '..');
export const root = path.resolve(contracts, '..');

const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];

/** The path of `forge`, `anvil` or `cast` for this machine. */
export function binary(tool) {
  if (process.platform !== 'linux' || !arch) {
    throw new Error(`Foundry is installed here for Linux on x64 and arm64, not ${process.platform} ${process.arch}`);
  }
  return path.join(contracts, `node_modules/@foundry-rs/${tool}-linux-${arch}/bin/${tool}`);
}

/** Runs forge in this package and ends this process where it fails. */
export function forge(...args) {
  const { status, error } = spawnSync(binary('forge'), args, { cwd: contracts, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
