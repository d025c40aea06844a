// What a program may spend, as hard limits: each is checked before a signature exists, and against
// what could be taken with it, not against what a node says that it took.
import { parseUnits } from 'viem';
import { Problem } from './problem.ts';
import type { State } from './store.ts';

/** Sums as people write them, in whole units of the token: '0.05'. What isn't set isn't limited. */
export type Policy = {
  /** The most that one call can cost. */
  perCall?: string;
  /** The most that can be taken on one day, in UTC. Of a purse, kept by the chain too. */
  perDay?: string;
  /** The most that one session ever holds. */
  perSession?: string;
  /** The most that is ever taken out of the purse; else what was put in. Kept by the chain too. */
  cap?: string;
  /** The most that one service ever gets from the purse. Kept by the chain too. */
  perService?: string;
  /** When taking from the purse ends, in Unix seconds; else in 30 days. Kept by the chain too. */
  expires?: number;
  /** The models that may be called, by the names they are called with; all others are refused. */
  models?: string[];
};

export type PolicyLimit = keyof Policy;

/** A call that the owner's limits forbid. Nothing was signed. */
export class PolicyRefusal extends Problem {
  readonly limit: PolicyLimit;

  constructor(limit: PolicyLimit, message: string, fix: string) {
    super(403, `policy_${limit.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)}`, message, fix);
    this.name = 'PolicyRefusal';
    this.limit = limit;
  }
}

/** Of a call that is about to be promised, in the token's smallest unit. */
export type Promised = {
  /** The most that this call can cost. */
  bound: bigint;
  /** How much more can be taken from the channel once it is signed than before. */
  growth: bigint;
};

const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

export function checkModel(policy: Policy, model: string): void {
  if (!policy.models || policy.models.includes(model)) return;
  throw new PolicyRefusal('models', `The policy does not allow the model "${model}".`,
    `Allowed: ${policy.models.join(', ') || 'none'}.`);
}

/** Refuses, or enters the promise in the day's account. */
export function admit(
  policy: Policy, state: State, decimals: number, { bound, growth }: Promised, seconds: number,
): void {
  if (policy.perCall !== undefined && bound > parseUnits(policy.perCall, decimals)) {
    throw new PolicyRefusal('perCall',
      `This call can cost more than the ${policy.perCall} that the policy allows for one.`,
      'Ask for fewer tokens, or raise perCall.');
  }
  const day = dayOf(seconds);
  const spent = BigInt(state.days[day] ?? '0') + growth;
  if (policy.perDay !== undefined && spent > parseUnits(policy.perDay, decimals)) {
    throw new PolicyRefusal('perDay',
      `With this call more than the ${policy.perDay} of one day could be spent.`,
      'Wait until tomorrow (UTC), or raise perDay.');
  }
  state.days = { [day]: spent.toString() };
}

/** How much of a policy's `cap` is left; undefined where it has none. */
export const capRoom = (policy: Policy, decimals: number, taken: bigint): bigint | undefined =>
  (policy.cap === undefined ? undefined : parseUnits(policy.cap, decimals) - taken);

/** Refuses to move `needed` from the purse into a session, or says how much is allowed at most. */
export function purseRoom(
  policy: Policy, decimals: number,
  { needed, held, withService, taken, today, now }:
  Record<'needed' | 'held' | 'withService' | 'taken' | 'today', bigint> & { now: number },
): bigint | undefined {
  if (policy.expires !== undefined && now >= policy.expires) {
    throw new PolicyRefusal('expires', 'The policy has expired.', 'Set a later time in expires.');
  }
  const room = (sum: string | undefined, used: bigint) =>
    (sum === undefined ? undefined : parseUnits(sum, decimals) - used);
  let most: bigint | undefined;
  for (const [limit, left, what] of [
    ['perSession', room(policy.perSession, held), 'one session'],
    ['perService', room(policy.perService, withService), 'one service'],
    ['perDay', room(policy.perDay, today), 'one day'],
    ['cap', capRoom(policy, decimals, taken), 'the whole time'],
  ] as const) {
    if (left === undefined) continue;
    if (needed > left) {
      throw new PolicyRefusal(limit,
        `This needs more than is left of the ${policy[limit]} that the policy allows for ${what}.`,
        limit === 'perDay' ? 'Wait until tomorrow (UTC), or raise perDay.' : `Raise ${limit}.`);
    }
    if (most === undefined || left < most) most = left;
  }
  return most;
}

/** What goes into a session now: as wished, at least `needed`, together at most what is allowed. */
export function depositSum(
  policy: Policy, decimals: number,
  { wish, needed, held }: { wish: bigint; needed: bigint; held: bigint },
): bigint {
  const sum = wish > needed ? wish : needed;
  const { perService, perSession } = policy;
  const limits = ([['perSession', perSession], ['perService', perService]] as const)
    .filter(([, limit]) => limit !== undefined);
  return limits.reduce((most, [name, limit]) => {
    const room = parseUnits(limit!, decimals) - held;
    if (needed > room) {
      throw new PolicyRefusal(name,
        `The session would have to hold more than the ${limit} that the policy allows.`,
        `Close the session and open another, or raise ${name}.`);
    }
    return most < room ? most : room;
  }, sum);
}
