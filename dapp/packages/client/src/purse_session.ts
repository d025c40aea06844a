// A paying fetch's purse: funded and limited by one signature of the wallet, then spent by the
// session key alone. What the policy allows is checked before anything is signed, and stands on chain.
import { parseUnits, type Address } from 'viem';
import {
  DEFAULT_DEPOSIT, json, relay, spender, tokenOf, type Context, type Signer,
} from './context.ts';
import { exclusive } from './exclusive.ts';
import { capRoom, purseRoom } from './policy.ts';
import { isRefusal, Problem } from './problem.ts';
import {
  exitTypedData, fundingOf, laneOf, policyFields, revokeTypedData, setPolicyTypedData, spendOf,
  type PursePolicy,
} from './purse.ts';
import { checkPurse, limitsFor, spendableFor, spentToday, type PurseState } from './purse_state.ts';
import { emptied, heldWith, largestHeld, type StoredChannel } from './store.ts';
import type { Token } from './types.ts';

const DEFAULT_LIFE_SECONDS = 30 * 86_400;
const DEPOSITS_OF_A_FUND = 5n;
/** Other programs sign for the same purse, or spend with the same key. */
const MAX_TRIES = 10;

/** How the owner's purse and this key stand; null where the chain has no purses. */
export async function purseState(context: Context, token: Token): Promise<PurseState | null> {
  const { purses, chainId, fetchFn, node } = context;
  const owner = spender(context);
  if (!purses || !owner || !token.eip3009) return null;
  const query = `owner=${owner}&token=${token.address}&key=${context.key.address}`;
  return checkPurse(await json<PurseState>(fetchFn, `${node}/api/purse?${query}`),
    { purses, chainId, owner, token: token.address });
}

/** Of a deposit, what a lane behind the first gets: there may be calls at once or not. */
const SHARE_OF_A_LANE = 4n;

/**
 * Moves `needed` or more from the purse into the channel; asks the wallet only where it must, and
 * only where it may.
 */
export const fillFromPurse = (
  context: Context, channel: StoredChannel, needed: bigint, mayAsk = true,
): Promise<StoredChannel> => exclusive(`${context.key.address}:purse`, async () => {
  const { policy, options, store, now } = context;
  const token = tokenOf(context, channel.config.token);
  const withService = heldWith(await store.channels(), channel);
  let state = (await purseState(context, token))!;
  const most = purseRoom(policy, token.decimals, {
    needed, held: BigInt(channel.balance), withService, taken: takenOf(context, token),
    today: spentToday(state), now: now(),
  });
  if (mayAsk && spendableFor(state, withService, now()) < needed) {
    state = await allowed(context, token, state, needed);
  }
  const room = spendableFor(state, withService, now());
  if (room < needed) throw purseSpent(state);
  const deposit = parseUnits(options.deposit ?? DEFAULT_DEPOSIT, token.decimals);
  const wish = laneOf(channel) === 0 ? deposit : deposit / SHARE_OF_A_LANE;
  return spend(context, channel, least(wish > needed ? wish : needed, room, most));
});

/** With a signature of the wallet; with another where the purse was faster with somebody else's. */
async function allowed(
  context: Context, token: Token, before: PurseState, needed: bigint,
): Promise<PurseState> {
  let state = before;
  for (let attempt = 1; ; attempt++) {
    try {
      await allow(context, token, state, needed);
      return (await purseState(context, token))!;
    } catch (error) {
      if (!isRefusal(error) || attempt === MAX_TRIES) throw error;
      const now = (await purseState(context, token))!;
      if (now.nonce === state.nonce) throw error;
      state = now;
    }
  }
}

/** The wallet's one signature: a policy for this key and, where the purse has too little, money. */
async function allow(
  context: Context, token: Token, state: PurseState, needed: bigint,
): Promise<void> {
  const { options: { signer }, policy: wishes, chainId, store, now } = context;
  if (!signer) throw purseSpent(state);
  const balance = BigInt(state.balance);
  const cap = capRoom(wishes, token.decimals, takenOf(context, token));
  const value = needed > balance ? await fundSum(context, token, needed - balance, cap, balance) : 0n;
  const units = (sum?: string) => (sum === undefined ? undefined : parseUnits(sum, token.decimals));
  const largest = largestHeld((await store.channels()).filter(({ payer }) => payer === state.purse));
  const policy: PursePolicy = {
    key: context.key.address, token: token.address,
    ...limitsFor(state, {
      cap: cap ?? balance + value, perDay: units(wishes.perDay),
      perService: units(wishes.perService), largest,
    }),
    expires: wishes.expires ?? now() + DEFAULT_LIFE_SECONDS, services: [],
  };
  const nonce = BigInt(state.nonce);
  await setTaken(context, token, takenOf(context, token));
  if (value === 0n) {
    const signature = await signer.signTypedData(
      setPolicyTypedData(chainId, state.purse, policy, nonce) as never);
    await relay(context, 'purse_policy', { owner: signer.address, policy: policyFields(policy), signature });
    return;
  }
  const { data, body } = fundingOf({
    chainId, token, owner: signer.address, purse: state.purse, policy, nonce, value, now: now(),
  });
  await relay(context, 'purse_fund', body(await signer.signTypedData(data as never)));
}

/** As wished; what isn't wished for in numbers is no more than the wallet has. */
async function fundSum(
  context: Context, token: Token, needed: bigint, cap: bigint | undefined, balance: bigint,
): Promise<bigint> {
  const { options: { fund, deposit, signer }, fetchFn, node } = context;
  const one = parseUnits(deposit ?? DEFAULT_DEPOSIT, token.decimals);
  const named = fund === undefined ? undefined : parseUnits(fund, token.decimals);
  let sum = named ?? (cap === undefined ? one * DEPOSITS_OF_A_FUND : cap - balance);
  if (cap !== undefined) sum = least(sum, cap - balance);
  if (sum < needed) sum = needed;
  if (named !== undefined) return sum;
  const { tokens } = await json<{ tokens: { token: Address; wallet: string }[] }>(
    fetchFn, `${node}/api/money?address=${signer!.address}`);
  const row = tokens.find((it) => it.token.toLowerCase() === token.address.toLowerCase());
  const wallet = BigInt(row?.wallet ?? '0');
  return wallet >= needed && wallet < sum ? wallet : sum;
}

async function spend(
  context: Context, channel: StoredChannel, amount: bigint,
): Promise<StoredChannel> {
  const { store, key, now } = context;
  const token = tokenOf(context, channel.config.token);
  const before = takenOf(context, token);
  // Counted before it leaves: an answer may get lost, the money gone.
  await setTaken(context, token, before + amount);
  await store.putChannel(channel);
  for (let attempt = 1; ; attempt++) {
    const nonce = (await purseState(context, token))?.key?.spends ?? 0;
    const { body } = await spendOf({ channel, amount, nonce, key });
    try {
      const { balance } = await relay<{ balance: string }>(context, 'deposit', body);
      const next = {
        ...await store.channel(channel.channelId) ?? channel, balance, open: true, updatedAt: now(),
      };
      await store.putChannel(next);
      return next;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const stale = (await purseState(context, token))?.key?.spends !== nonce;
      if (stale && attempt < MAX_TRIES) continue;
      await setTaken(context, token, before);
      throw error;
    }
  }
}

/** Ends this key at once, by the wallet's signature; its channels keep what they hold. */
export async function revokeKey(context: Context): Promise<void> {
  const { options: { signer }, chainId } = context;
  if (!signer) throw new Problem(403, 'no_signer', 'Only the owner of the purse revokes a key.');
  const key = context.key.address;
  for (const token of used(context)) {
    const state = (await purseState(context, token))!;
    const signature = await signer.signTypedData(
      revokeTypedData(chainId, state.purse, key, BigInt(state.nonce)) as never);
    await relay(context, 'purse_revoke', { owner: signer.address, token: token.address, key, signature });
  }
}

/** Empties the purses that this key has used, with all their channels. Returns what came back. */
export async function exitPurses(context: Context, signer: Signer): Promise<bigint> {
  const { chainId, store, state: kept, save } = context;
  let back = 0n;
  for (const token of used(context)) {
    const state = (await purseState(context, token))!;
    if (state.exists) {
      const signature = await signer.signTypedData(
        exitTypedData(chainId, state.purse, BigInt(state.nonce)) as never);
      const { amount } = await relay<{ amount: string }>(
        context, 'purse_exit', { owner: signer.address, token: token.address, signature });
      back += BigInt(amount);
    }
    for (const channel of await store.channels()) {
      if (channel.payer === state.purse) await store.putChannel(emptied(channel));
    }
    delete kept.taken?.[token.address];
    await save();
  }
  return back;
}

/** The tokens of the purses that this key has been let spend from. */
export const used = (context: Context): Token[] =>
  context.tokens.filter(({ address }) => context.state.taken?.[address] !== undefined);

const takenOf = ({ state }: Context, { address }: Token): bigint =>
  BigInt(state.taken?.[address] ?? '0');

function setTaken({ state, save }: Context, { address }: Token, sum: bigint): Promise<void> {
  state.taken = { ...state.taken, [address]: sum.toString() };
  return save();
}

function purseSpent({ key, leaving }: PurseState): Problem {
  const why = leaving ? 'The purse is being emptied.'
    : !key?.valid ? 'This key may not spend from the purse, or not any more.'
      : 'The purse, or what this key may take out of it, does not carry another session.';
  return new Problem(402, 'purse_spent', why, 'The owner of the purse signs another policy, or adds money.');
}

const least = (...sums: (bigint | undefined)[]): bigint =>
  sums.filter((sum) => sum !== undefined).reduce((a, b) => (b < a ? b : a));
