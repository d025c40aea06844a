// An OpenAI-compatible fetch that pays a node for what it asks, from sessions that it opens itself
// or from one that it was given, and never beyond its owner's policy.
import { parseUnits, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { channelIdOf, refundTypedData } from './channel.ts';
import { depositOf, newChannel, sessionTerms } from './deposit.ts';
import { exclusive } from './exclusive.ts';
import { book, paidFetch, SessionSpent } from './paid_call.ts';
import { admit, checkModel, depositSum, type Policy } from './policy.ts';
import { Problem, problemOf } from './problem.ts';
import { withoutReceipt } from './receipt.ts';
import {
  channelsOf, memoryStore, type ChannelStore, type State, type StateStore, type StoredChannel,
} from './store.ts';
import type { ChannelConfig, Receiver, Token } from './types.ts';

/** What signs deposits and refunds: a viem account, or a browser's wallet by `walletSigner`. */
export type Signer = {
  address: Address;
  signTypedData: (data: never) => Promise<Hex>;
};

export type StoaOptions = {
  /** The node's address: 'https://node.example'. */
  node: string;
  /** Opens and fills sessions; without it only `session` is spent. */
  signer?: Signer;
  /** A session from elsewhere, for a program that must not hold a wallet's key. */
  session?: { key: Hex; channel: StoredChannel };
  policy?: Policy;
  /** Put into each new session, in whole units of the token; all that isn't used comes back. */
  deposit?: string;
  /** Where sessions are kept; without it they last as long as the process. */
  store?: StateStore;
  fetch?: typeof fetch;
  /** Unix seconds. */
  now?: () => number;
};

export type StoaFetch = typeof fetch & {
  /** What is open now. */
  sessions: () => Promise<StoredChannel[]>;
  /** Takes back what the sessions have left, by the signer's signature. Returns what came back. */
  close: () => Promise<bigint>;
};

type Context = {
  node: string;
  options: StoaOptions;
  policy: Policy;
  fetchFn: typeof fetch;
  now: () => number;
  state: State;
  store: ChannelStore;
  save: () => Promise<void>;
  chainId: number;
  tokens: Token[];
};

const PAID = /^\/(?:m\/([^/]+)\/)?v1\/(?:chat\/completions|completions|embeddings)$/;

export function createStoaFetch(options: StoaOptions): StoaFetch {
  if (!options.signer && !options.session) {
    throw new TypeError('createStoaFetch needs a signer, or a session to spend.');
  }
  let opening: Promise<Context> | null = null;
  const context = () => {
    opening ??= openContext(options).catch((error: unknown) => { opening = null; throw error; });
    return opening;
  };
  const stoaFetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    try {
      return await answer(context, options, request);
    } catch (error) {
      // Clients understand a refusal with its reason, and take a thrown error for a lost connection.
      if (error instanceof Problem && error.status >= 400) return refusal(error);
      if (error instanceof SessionSpent) {
        return refusal(new Problem(402, 'session_spent', error.message, 'Add money to the session.'));
      }
      throw error;
    }
  };
  return Object.assign(stoaFetch, {
    sessions: async () => (await context()).store.channels(),
    close: async () => closeAll(await context()),
  });
}

async function openContext(options: StoaOptions): Promise<Context> {
  const node = new URL(options.node).origin;
  const fetchFn: typeof fetch = options.fetch ?? ((...args) => fetch(...args));
  const kept = options.store ?? memoryStore();
  const state = await kept.load()
    ?? { key: options.session?.key ?? generatePrivateKey(), channels: [], days: {} };
  const save = () => kept.save(state);
  const store = channelsOf(state, save);
  if (options.session) {
    const { key, channel } = options.session;
    state.key = key;
    if (!await store.channel(channel.channelId)) await store.putChannel(channel);
  } else {
    await save();
  }
  const { chainId, tokens } = await json<{ chainId: number; tokens: Token[] }>(
    fetchFn, `${node}/api/deployment`);
  return {
    node, options, policy: options.policy ?? {}, fetchFn, state, store, save, chainId, tokens,
    now: options.now ?? (() => Math.floor(Date.now() / 1000)),
  };
}

async function answer(
  context: () => Promise<Context>, options: StoaOptions, request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  if (url.origin !== new URL(options.node).origin) {
    throw new Problem(403, 'other_origin', `This fetch calls ${options.node} and nothing else.`,
      'Set the client\'s base URL to the node\'s.');
  }
  const headers = new Headers(request.headers);
  // An API key of another service has no business here.
  headers.delete('authorization');
  const body = request.method === 'GET' || request.method === 'HEAD' ? null : await request.text();
  const init: RequestInit = { method: request.method, headers, body, signal: request.signal };
  const route = PAID.exec(url.pathname);
  if (!route || body === null) return (options.fetch ?? fetch)(request.url, init);
  const asked = fieldsOf(body);
  const model = route[1] ? decodeURIComponent(route[1]) : String(asked.model ?? '');
  checkModel(options.policy ?? {}, model);
  if (asked.stream === true) headers.set('stoa-stream', '1');
  return pay(await context(), model, request.url, init);
}

function fieldsOf(body: string): { model?: unknown; stream?: unknown } {
  try {
    return JSON.parse(body) as { model?: unknown; stream?: unknown };
  } catch {
    return {};
  }
}

/** Resolves with the answer; the next call of the model waits until this one is read to its end. */
function pay(context: Context, model: string, url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { address } = privateKeyToAccount(context.state.key);
    void exclusive(context.options.session ? address : `${address}:${model}`, async () => {
      const { response, channelId } = await paid(context, model, url, init);
      if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
        resolve(response);
        return;
      }
      const { body, receipt } = withoutReceipt(response.body);
      resolve(new Response(body, { status: response.status, headers: response.headers }));
      await book(context.store, channelId, await receipt);
    }).catch(reject);
  });
}

async function paid(
  context: Context, model: string, url: string, init: RequestInit,
): Promise<{ response: Response; channelId: Hex }> {
  const { policy, state, store, save, fetchFn, now } = context;
  const channel = await sessionOf(context, model, url);
  const { channelId } = channel;
  const { decimals } = tokenOf(context, channel.config.token);
  const call = {
    store, key: privateKeyToAccount(state.key), channelId, fetch: fetchFn,
    approve: (promised: { bound: bigint; growth: bigint }) => {
      admit(policy, state, decimals, promised, now());
      return save();
    },
  };
  try {
    return { ...await paidFetch(call, url, init), channelId };
  } catch (error) {
    if (!(error instanceof SessionSpent) || !context.options.signer) throw error;
    const current = await store.channel(channelId) ?? channel;
    await fill(context, current, error.missing);
    return { ...await paidFetch(call, url, init), channelId };
  }
}

async function sessionOf(context: Context, model: string, url: string): Promise<StoredChannel> {
  const { options, store, node, fetchFn, chainId, state } = context;
  if (options.session) {
    const own = await store.channel(options.session.channel.channelId);
    if (own) return own;
  }
  const open = (await store.channels()).find((one) => one.open && one.model === model
    && one.chainId === chainId && one.payer === options.signer?.address);
  if (open) return open;
  if (!options.signer) throw new Problem(402, 'no_session', 'The session is closed.');
  const { services } = await json<{ services: Receiver[] }>(
    fetchFn, `${node}/api/models/${encodeURIComponent(model)}`);
  // Without a body, only the address can name the model.
  const route = new URL(url).pathname.replace(/^.*\/v1\//, '');
  const terms = await sessionTerms(
    `${node}/m/${encodeURIComponent(model)}/v1/${route}`, services, chainId, fetchFn);
  const channel = newChannel({
    chainId, payer: options.signer.address, model, terms, now: context.now(),
    payerAuthorizer: privateKeyToAccount(state.key).address,
  });
  const least = terms.minDeposit > terms.typicalCall ? terms.minDeposit : terms.typicalCall;
  return fill(context, channel, least);
}

/** Puts money into a channel: one signature of the wallet, carried by the node. */
async function fill(
  context: Context, channel: StoredChannel, needed: bigint,
): Promise<StoredChannel> {
  const { options, policy, store, node, fetchFn, now } = context;
  const token = tokenOf(context, channel.config.token);
  const amount = depositSum(policy, token.decimals, {
    wish: parseUnits(options.deposit ?? '1', token.decimals), needed, held: BigInt(channel.balance),
  });
  const { data, body } = depositOf({ channel, token, amount, now: now() });
  const signature = await options.signer!.signTypedData(data as never);
  await store.putChannel(channel);
  const { balance } = await json<{ balance: string }>(fetchFn, `${node}/api/relay`,
    { kind: 'deposit', ...body(signature) });
  const next = { ...await store.channel(channel.channelId) ?? channel, balance, open: true, updatedAt: now() };
  await store.putChannel(next);
  return next;
}

type MoneyItem = {
  state: string;
  channel?: { channelId: Hex; config: ChannelConfig; refundNonce: string };
};

async function closeAll({ options, store, node, fetchFn, chainId, now }: Context): Promise<bigint> {
  const { signer } = options;
  if (!signer) throw new Problem(403, 'no_signer', 'Only the wallet that paid takes the rest back.');
  const mine = new Set((await store.channels()).map(({ channelId }) => channelId.toLowerCase()));
  const { items } = await json<{ items: MoneyItem[] }>(
    fetchFn, `${node}/api/money?address=${signer.address}`);
  let back = 0n;
  for (const { state, channel } of items) {
    if (state !== 'refundable' || !channel || !mine.has(channel.channelId.toLowerCase())) continue;
    if (channelIdOf(chainId, channel.config).toLowerCase() !== channel.channelId.toLowerCase()) continue;
    const request = {
      channelId: channel.channelId, amount: 0n, nonce: BigInt(channel.refundNonce),
      validBefore: BigInt(now() + 3600),
    };
    const signature = await signer.signTypedData(refundTypedData(chainId, request) as never);
    const { amount } = await json<{ amount: string }>(
      fetchFn, `${node}/api/relay`, { kind: 'exit', refundRequest: request, signature });
    await store.removeChannel(channel.channelId);
    back += BigInt(amount);
  }
  return back;
}

function tokenOf({ tokens }: Context, address: Address): Token {
  const token = tokens.find((one) => one.address.toLowerCase() === address.toLowerCase());
  if (!token) throw new Problem(402, 'unknown_token', `The node does not name the token ${address}.`);
  return token;
}

async function json<T>(fetchFn: typeof fetch, url: string, post?: object): Promise<T> {
  const response = await fetchFn(url, post && {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(post, (_, value: unknown) =>
      (typeof value === 'bigint' ? value.toString() : value)),
  });
  if (!response.ok) throw await problemOf(response);
  return await response.json() as T;
}

/** In OpenAI's shape, so that its clients show the reason. */
function refusal({ status, code, message, fix }: Problem): Response {
  return new Response(
    JSON.stringify({ error: { message: fix ? `${message} ${fix}` : message, type: 'stoa', code, param: null, fix } }),
    { status, headers: { 'content-type': 'application/json', 'x-should-retry': 'false' } });
}
