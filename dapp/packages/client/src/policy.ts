// What a program may spend, as hard limits: each is checked before a signature exists, and against
// what could be taken with it, not against what a node says that it took.
import { parseUnits } from 'viem';
import { Problem } from './problem.ts';
import type { State } from './store.ts';

/** Sums as people write them, in whole units of the token: '0.05'. What isn't set isn't limited. */
export type Policy = {
  /** The most that one call can cost. */
  perCall?: string;
  /** The most that can be taken on one day, in UTC, over all sessions. */
  perDay?: string;
  /** The most that one session ever holds. */
  perSession?: string;
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

/** What goes into a session now: as wished, at least `needed`, together at most what is allowed. */
export function depositSum(
  policy: Policy, decimals: number,
  { wish, needed, held }: { wish: bigint; needed: bigint; held: bigint },
): bigint {
  const sum = wish > needed ? wish : needed;
  if (policy.perSession === undefined) return sum;
  const room = parseUnits(policy.perSession, decimals) - held;
  if (needed > room) {
    throw new PolicyRefusal('perSession',
      `The session would have to hold more than the ${policy.perSession} that the policy allows.`,
      'Close the session and open another, or raise perSession.');
  }
  return sum < room ? sum : room;
}
