// For programs on Node: a session that outlives the process.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { State, StateStore } from './store.ts';

/** One file, readable by its owner only, written whole or not at all. For one process at a time. */
export function fileStore(path: string): StateStore {
  let last = Promise.resolve();
  return {
    load: async () => {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as State;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    save: (state) => {
      const text = JSON.stringify(state, null, 2);
      const write = async () => {
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      };
      const mine = last.then(write);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
