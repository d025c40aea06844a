// Having a node carry a signature to the chain, also where an answer gets lost on the way.
import { Problem } from './problem.ts';

const WAITS_MS = [1000, 3000];

/** Nobody said what came of it. */
const isLost = (error: unknown): error is Problem =>
  error instanceof Problem && [0, 502, 503, 504].includes(error.status);

/**
 * A node carries each signature once, and finds it again when asked again, so an answer that got
 * lost is asked for anew.
 */
export async function carried<T>(
  post: () => Promise<T>, pause: (ms: number) => Promise<void> = wait,
): Promise<T> {
  for (const ms of WAITS_MS) {
    try {
      return await post();
    } catch (error) {
      if (!isLost(error)) throw error;
      await pause(ms);
    }
  }
  try {
    return await post();
  } catch (error) {
    if (!isLost(error)) throw error;
    throw new Problem(error.status, error.code, 'The node took your signature and did not answer.',
      'It may still be carried within the hour: look under Sessions and money before you sign again.');
  }
}

const wait = (ms: number) => new Promise<void>((resolve) => { setTimeout(resolve, ms); });
