/**
 * Runs one at a time under a name: a channel is charged call by call. In a browser this holds over
 * all tabs of a page's origin, elsewhere within the process.
 */
export async function exclusive<T>(name: string, act: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks) return locks.request(`stoa:${name}`, act) as Promise<T>;
  const before = running.get(name) ?? Promise.resolve();
  const mine = before.then(act);
  const settled = mine.then(() => undefined, () => undefined);
  running.set(name, settled);
  try {
    return await mine;
  } finally {
    if (running.get(name) === settled) running.delete(name);
  }
}

/** The same where nobody has the name now, else nothing: then it returns null at once. */
export async function exclusiveIfFree<T>(
  name: string, act: () => Promise<T>,
): Promise<{ done: Promise<T> } | null> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks) return running.has(name) ? null : { done: exclusive(name, act) };
  return new Promise((resolve, reject) => {
    const done: Promise<T> = locks.request(`stoa:${name}`, { ifAvailable: true }, async (lock) => {
      resolve(lock && { done });
      return lock ? act() : undefined as T;
    }) as Promise<T>;
    done.catch(reject);
  });
}

const running = new Map<string, Promise<void>>();
