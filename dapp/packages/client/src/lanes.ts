// Calls at once. A channel is charged call by call, so each call takes a channel to itself: the first
// of the service's lanes that is free. Where none is, the session key opens another out of the purse.
import type { Hex } from 'viem';
import { spender, tokenOf, type Context, type Queue } from './context.ts';
import { exclusive, exclusiveIfFree } from './exclusive.ts';
import { SessionSpent } from './paid_call.ts';
import { isRefusal, Problem } from './problem.ts';
import { laneOf, PURSE_LANES, purseChannel } from './purse.ts';
import { fillFromPurse, purseState } from './purse_session.ts';
import { fill, leastOf, sessionOf, termsOf } from './sessions.ts';
import { areLanes, leftOf, type ChannelStore, type StoredChannel } from './store.ts';
import { REFUSED } from './x402.ts';

type Act = (channel: StoredChannel) => Promise<void>;

/** There is no money for this lane; those hold enough. */
class OtherLane extends Error {
  readonly lanes: StoredChannel[];

  constructor(lanes: StoredChannel[]) {
    super('Another lane of the session holds enough.');
    this.lanes = lanes;
  }
}

const CLOSED_SECONDS = 60;

/** Runs on a lane of the model's session, alone; opens the session where there is none. */
export async function onLane(
  context: Context, model: string, url: string, act: Act,
): Promise<void> {
  const { address } = context.key;
  const turn = context.options.session ? address : `${address}:${model}`;
  const session = await exclusive(turn, () => sessionOf(context, model, url));
  const queue = queueOf(context, session);
  const more = () => openMore(context, queue, session, model, url);
  let lanes = await lanesOf(context, session);
  for (let grow = true; ; grow = false) {
    try {
      await onFirst(queue, lanes, act, grow ? more : undefined);
      return;
    } catch (error) {
      if (!(error instanceof OtherLane)) throw error;
      lanes = error.lanes;
    }
  }
}

/** Those that are open, the lowest first: so the others become idle, and come back. */
async function lanesOf(
  { options, store }: Context, session: StoredChannel,
): Promise<StoredChannel[]> {
  if (options.session || !session.owner) return [session];
  const lanes = (await store.channels()).filter((one) => one.open && areLanes(one, session));
  return lanes.sort((a, b) => laneOf(a) - laneOf(b));
}

function queueOf({ queues }: Context, { payer, config }: StoredChannel): Queue {
  const name = `${payer}:${config.receiver}`;
  const queue = queues.get(name) ?? { waiting: new Set(), opening: false, closedUntil: 0 };
  queues.set(name, queue);
  return queue;
}

/** On the first lane that is free; where none is, on the first that becomes so, or is opened. */
async function onFirst<T>(
  queue: Queue, lanes: StoredChannel[], act: (lane: StoredChannel) => Promise<T>, more?: () => void,
): Promise<T> {
  for (const lane of lanes) {
    const taken = await exclusiveIfFree(lane.channelId, () => act(lane));
    if (taken) return taken.done;
  }
  return new Promise((resolve, reject) => {
    let served = false;
    const join = (lane: StoredChannel) => {
      exclusive(lane.channelId, async () => {
        if (served) return;
        served = true;
        queue.waiting.delete(join);
        await act(lane).then(resolve, reject);
      }).catch(reject);
    };
    lanes.forEach(join);
    if (!more) return;
    queue.waiting.add(join);
    more();
  });
}

/** For who keeps sessions and opens lanes in another way. */
export type LaneChoice = {
  store: Pick<ChannelStore, 'channels'>;
  session: StoredChannel;
  /** Only lanes that hold so much are taken in the session's place. */
  least: bigint;
  /** Opens a lane; it may fail, since the call then waits. */
  open: (lane: number) => Promise<StoredChannel>;
};

/** Runs on the session; while that is busy, on another lane of it, which is opened where none is free. */
export async function onFreeLane<T>(
  { store, session, least, open }: LaneChoice, act: (lane: StoredChannel) => Promise<T>,
): Promise<T> {
  const all = session.owner
    ? (await store.channels()).filter((one) => one.open && areLanes(one, session)) : [];
  const others = all.filter((one) => one.channelId !== session.channelId);
  const rich = others.filter((one) => leftOf(one) >= least).sort((a, b) => laneOf(a) - laneOf(b));
  const queue: Queue = { waiting: new Set(), opening: false, closedUntil: 0 };
  const lane = session.owner ? freeLane([session, ...others]) : undefined;
  const more = lane === undefined ? undefined : () => {
    open(lane).then((opened) => queue.waiting.forEach((join) => join(opened)))
      // Its turn on the session comes.
      .catch(() => undefined);
  };
  return onFirst(queue, [session, ...rich], async (one) => {
    try {
      return await act(one);
    } catch (error) {
      if (!(error instanceof SessionSpent) || one.channelId === session.channelId) throw error;
      return exclusive(session.channelId, () => act(session));
    }
  }, more);
}

const freeLane = (open: StoredChannel[]): number | undefined =>
  Array.from({ length: PURSE_LANES }, (_, n) => n).find((n) => !open.some((one) => laneOf(one) === n));

/** Opens lanes for as long as more calls wait than were opened, and there is money for them. */
function openMore(
  context: Context, queue: Queue, session: StoredChannel, model: string, url: string,
): void {
  const { options, now } = context;
  if (options.session || !session.owner || queue.opening || now() < queue.closedUntil) return;
  queue.opening = true;
  const open = async () => {
    while (queue.waiting.size > 0) {
      const lane = await openLane(context, session, model, url);
      if (!lane) return;
      const [next] = queue.waiting;
      for (const join of queue.waiting) join(lane);
      if (next) queue.waiting.delete(next);
    }
  };
  void open()
    // A call that waits loses nothing by it: its turn comes on the lanes that there are.
    .catch(() => { queue.closedUntil = now() + CLOSED_SECONDS; })
    .finally(() => { queue.opening = false; });
}

/** The lowest lane that isn't open, by the session key alone; null where all are. */
async function openLane(
  context: Context, session: StoredChannel, model: string, url: string,
): Promise<StoredChannel | null> {
  const { store, chainId, now, key } = context;
  const lane = freeLane(await lanesOf(context, session));
  if (lane === undefined) return null;
  const terms = await termsOf(context, model, url);
  const fresh = purseChannel({
    chainId, purse: session.payer, owner: session.owner!, key: key.address, model: session.model,
    service: terms.service, lane, now: now(),
  });
  if (!areLanes(fresh, session)) throw new Problem(402, 'service_changed', 'The service was replaced.');
  return fillFromPurse(context, await store.channel(fresh.channelId) ?? fresh, leastOf(terms), false);
}

/** Puts `missing` or more into a lane; the wallet is asked only where no other lane holds enough. */
export async function fillLane(context: Context, channelId: Hex, missing: bigint): Promise<void> {
  const channel = (await context.store.channel(channelId))!;
  const need = leftOf(channel) + missing;
  const rich = (await lanesOf(context, channel))
    .filter((one) => one.channelId !== channelId && leftOf(one) >= need);
  if (rich.length === 0) {
    await fill(context, channel, missing);
    return;
  }
  try {
    await fillFromPurse(context, channel, missing, false);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new OtherLane(rich);
  }
}

/**
 * Whether a call was refused since its lane was emptied without this program, as a node does with
 * those that are long idle. Then that is remembered.
 */
export async function isEmptied(
  context: Context, channelId: Hex, error: unknown,
): Promise<boolean> {
  const { store } = context;
  const channel = await store.channel(channelId);
  const about = error instanceof Problem && [`${REFUSED}cumulative_exceeds_balance`,
    `${REFUSED}channel_not_found`].includes(error.code);
  if (!about || !channel?.owner || !spender(context)) return false;
  const state = await purseState(context, tokenOf(context, channel.config.token));
  if (!state?.channels) return false;
  const truth = state.channels.find((one) => one.channelId.toLowerCase() === channelId.toLowerCase());
  const balance = truth?.balance ?? channel.charged;
  if (BigInt(balance) >= BigInt(channel.balance)) return false;
  await store.putChannel({ ...channel, balance });
  return true;
}
