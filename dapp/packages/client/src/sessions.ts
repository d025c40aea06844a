// Which channel pays a model: the one that is open, else a new one, filled from the purse or, where
// there can be none, by a signature of the wallet for this model alone. And how all comes back.
import { parseUnits, type Hex } from 'viem';
import { channelIdOf, refundTypedData } from './channel.ts';
import { DEFAULT_DEPOSIT, json, relay, spender, tokenOf, type Context } from './context.ts';
import { depositOf, newChannel, sessionTerms, type SessionTerms } from './deposit.ts';
import { depositSum } from './policy.ts';
import { Problem } from './problem.ts';
import { laneOf, purseChannel, purseOf, PURSE_WITHDRAW_DELAY } from './purse.ts';
import { exitPurses, fillFromPurse } from './purse_session.ts';
import { ownerOf, type StoredChannel } from './store.ts';
import type { ChannelConfig, Receiver } from './types.ts';

export async function sessionOf(
  context: Context, model: string, url: string,
): Promise<StoredChannel> {
  const { options, store, chainId } = context;
  if (options.session) {
    const own = await store.channel(options.session.channel.channelId);
    if (own?.open) return own;
  }
  const owner = spender(context);
  const [open] = (await store.channels()).filter((one) => one.open && one.model === model
    && one.chainId === chainId && ownerOf(one) === owner
    && one.config.payerAuthorizer === context.key.address).sort((a, b) => laneOf(a) - laneOf(b));
  if (open) return open;
  if (!owner) throw new Problem(402, 'no_session', 'The session is closed.');
  const terms = await termsOf(context, model, url);
  const channel = await channelFor(context, model, terms);
  if (channel.open) return channel;
  return fill(context, channel, leastOf(terms));
}

/** What a channel is opened with at least. */
export const leastOf = ({ minDeposit, typicalCall }: SessionTerms): bigint =>
  (minDeposit > typicalCall ? minDeposit : typicalCall);

export async function termsOf(
  { fetchFn, node, chainId }: Context, model: string, url: string,
): Promise<SessionTerms> {
  const { services } = await json<{ services: Receiver[] }>(
    fetchFn, `${node}/api/models/${encodeURIComponent(model)}`);
  // Without a body, only the address can name the model.
  const route = new URL(url).pathname.replace(/^.*\/v1\//, '');
  return sessionTerms(
    `${node}/m/${encodeURIComponent(model)}/v1/${route}`, services, chainId, fetchFn);
}

/** The purse's first channel with the service, as it is remembered, or a new one of the wallet's. */
async function channelFor(
  context: Context, model: string, terms: SessionTerms,
): Promise<StoredChannel> {
  const { options: { signer }, store, chainId, purses } = context;
  const owner = spender(context)!;
  const token = tokenOf(context, terms.service.token);
  const now = context.now();
  const key = context.key.address;
  if (purses && token.eip3009 && terms.withdrawDelay === PURSE_WITHDRAW_DELAY) {
    const purse = purseOf({ purses, chainId, owner, token: token.address });
    const channel = purseChannel({ chainId, purse, owner, key, model, service: terms.service, now });
    return await store.channel(channel.channelId) ?? channel;
  }
  if (!signer) {
    throw new Problem(402, 'no_purse', 'This model is not paid from a purse.',
      'Open a session for it with the wallet.');
  }
  return newChannel({ chainId, payer: owner, payerAuthorizer: key, model, terms, now });
}

/** Puts `needed` or more into a channel. */
export function fill(
  context: Context, channel: StoredChannel, needed: bigint,
): Promise<StoredChannel> {
  if (channel.owner) return fillFromPurse(context, channel, needed);
  if (context.options.signer) return fillFromWallet(context, channel, needed);
  throw new Problem(402, 'session_spent', 'This session has too little left for the call.',
    'Add money to the session.');
}

async function fillFromWallet(
  context: Context, channel: StoredChannel, needed: bigint,
): Promise<StoredChannel> {
  const { options, policy, store, now } = context;
  const token = tokenOf(context, channel.config.token);
  const amount = depositSum(policy, token.decimals, {
    wish: parseUnits(options.deposit ?? DEFAULT_DEPOSIT, token.decimals), needed,
    held: BigInt(channel.balance),
  });
  const { data, body } = depositOf({ channel, token, amount, now: now() });
  const signature = await options.signer!.signTypedData(data as never);
  await store.putChannel(channel);
  const { balance } = await relay<{ balance: string }>(context, 'deposit', body(signature));
  const next = {
    ...await store.channel(channel.channelId) ?? channel, balance, open: true, updatedAt: now(),
  };
  await store.putChannel(next);
  return next;
}

type MoneyItem = {
  state: string;
  channel?: { channelId: Hex; config: ChannelConfig; refundNonce: string };
};

/** Takes everything back: purses by one signature each, sessions of the wallet's own by one each. */
export async function closeAll(context: Context): Promise<bigint> {
  const { options: { signer }, store, node, fetchFn, chainId, now } = context;
  if (!signer) throw new Problem(403, 'no_signer', 'Only the wallet that paid takes the rest back.');
  let back = await exitPurses(context, signer);
  const mine = new Set((await store.channels()).filter(({ owner }) => !owner)
    .map(({ channelId }) => channelId.toLowerCase()));
  if (mine.size === 0) return back;
  const { items } = await json<{ items: MoneyItem[] }>(
    fetchFn, `${node}/api/money?address=${signer.address}`);
  for (const { state, channel } of items) {
    if (state !== 'refundable' || !channel || !mine.has(channel.channelId.toLowerCase())) continue;
    if (channelIdOf(chainId, channel.config).toLowerCase() !== channel.channelId.toLowerCase()) continue;
    const request = {
      channelId: channel.channelId, amount: 0n, nonce: BigInt(channel.refundNonce),
      validBefore: BigInt(now() + 3600),
    };
    const signature = await signer.signTypedData(refundTypedData(chainId, request) as never);
    const { amount } = await relay<{ amount: string }>(
      context, 'exit', { refundRequest: request, signature });
    await store.removeChannel(channel.channelId);
    back += BigInt(amount);
  }
  return back;
}
