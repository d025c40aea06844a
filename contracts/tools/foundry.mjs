// The native Foundry binaries that npm installed, and the folders of this package.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';

export const contracts = path.resolve(import.meta.dirname, '..');
export const root = path.resolve(contracts, '..');

const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];

/** The path of `forge`, `anvil` or `cast` for this machine. */
export function binary(tool) {
  if (process.platform !== 'linux' || !arch) {
    const machine = `${process.platform} ${process.arch}`;
    throw new Error(`Foundry is installed here for Linux on x64 and arm64, not ${machine}`);
  }
  return path.join(contracts, `node_modules/@foundry-rs/${tool}-linux-${arch}/bin/${tool}`);
}

/** Runs forge in this package and ends this process where it fails. */
export function forge(...args) {
  const { status, error } = spawnSync(binary('forge'), args, { cwd: contracts, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** An anvil on a port of the system's choice: `{url, stop()}`. */
export function startAnvil(...args) {
  const anvil = spawn(binary('anvil'), [...args, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => anvil.once('exit', done));
  const stop = () => { anvil.kill('SIGTERM'); return ended; };
  return new Promise((done, fail) => {
    let text = '';
    anvil.once('error', fail);
    anvil.once('exit', () => fail(new Error(`anvil ended before it listened:\n${text}`)));
    anvil.stdout.on('data', (chunk) => {
      text = (text + chunk).slice(-4096);
      const found = /Listening on ([\d.]+:\d+)/.exec(text);
      if (found) done({ url: `http://${found[1]}`, stop });
    });
  });
}
