// An OpenAI-compatible fetch that pays a node for what it asks, from sessions that it opens itself
// or from one that it was given, and never beyond its owner's policy.
import type { Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { json, spender, tokenOf, type Context, type StoaOptions } from './context.ts';
import { fillLane, isEmptied, onLane } from './lanes.ts';
import { book, paidFetch, SessionSpent } from './paid_call.ts';
import type { PayOn } from './pay_on.ts';
import { admit, checkModel } from './policy.ts';
import { Problem } from './problem.ts';
import { purseState, revokeKey, used } from './purse_session.ts';
import type { PurseState } from './purse_state.ts';
import { withoutReceipt } from './receipt.ts';
import { closeAll } from './sessions.ts';
import { channelsOf, memoryStore, type StoredChannel } from './store.ts';
import type { Token } from './types.ts';

export type { Signer, StoaOptions } from './context.ts';

export type StoaFetch = typeof fetch & {
  /** What is open now. */
  sessions: () => Promise<StoredChannel[]>;
  /** The purses that are spent from, and how much of them this key may still take out. */
  purses: () => Promise<PurseState[]>;
  /** Takes everything back, by one signature for each purse. Returns what came back. */
  close: () => Promise<bigint>;
  /** Ends this program's key at once: it opens no session more. By the signer's signature. */
  revoke: () => Promise<void>;
};

const PAID = /^\/(?:m\/([^/]+)\/)?v1\/(?:chat\/completions|completions|embeddings)$/;

export function createStoaFetch(options: StoaOptions): StoaFetch {
  if (!options.signer && !options.session && !options.purse) {
    throw new TypeError('createStoaFetch needs a signer, or a purse or a session to spend.');
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
    sessions: async () => (await (await context()).store.channels()).filter(({ open }) => open),
    purses: async () => {
      const current = await context();
      const states = await Promise.all(used(current).map((token) => purseState(current, token)));
      return states.filter((state) => state !== null);
    },
    close: async () => closeAll(await context()),
    revoke: async () => revokeKey(await context()),
  });
}

type Deployment = { chainId: number; tokens: Token[]; contracts?: Record<string, Address> };

async function openContext(options: StoaOptions): Promise<Context> {
  const node = new URL(options.node).origin;
  const fetchFn: typeof fetch = options.fetch ?? ((...args) => fetch(...args));
  const kept = options.store ?? memoryStore();
  const state = await kept.load()
    ?? { key: generatePrivateKey(), channels: [], days: {} };
  const save = () => kept.save(state);
  const store = channelsOf(state, save);
  state.key = options.session?.key ?? options.purse?.key ?? state.key;
  const given = options.session?.channel;
  if (given && !await store.channel(given.channelId)) await store.putChannel(given);
  else await save();
  const { chainId, tokens, contracts } = await json<Deployment>(fetchFn, `${node}/api/deployment`);
  return {
    node, options, policy: options.policy ?? {}, fetchFn, state, store, save, chainId, tokens,
    key: privateKeyToAccount(state.key), purses: contracts?.Purses, queues: new Map(),
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

/** Resolves with the answer; its channel is free again when this one is read to its end. */
function pay(context: Context, model: string, url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    onLane(context, model, url, async (channel) => {
      const { response, payOn } = await paid(context, channel, url, init);
      const type = response.headers.get('content-type');
      if (!type?.startsWith('text/event-stream') || !response.body) {
        resolve(response);
        return;
      }
      const { body, receipt } = withoutReceipt(response.body, payOn);
      resolve(new Response(body, { status: response.status, headers: response.headers }));
      await book(context.store, channel.channelId, await receipt);
    }).catch(reject);
  });
}

async function paid(
  context: Context, channel: StoredChannel, url: string, init: RequestInit,
): Promise<{ response: Response; payOn?: PayOn }> {
  const { policy, state, key, store, save, fetchFn, now } = context;
  const { channelId } = channel;
  const { decimals } = tokenOf(context, channel.config.token);
  const call = {
    store, key, channelId, fetch: fetchFn, payOn: true, refills: Boolean(spender(context)),
    approve: (promised: { bound: bigint; growth: bigint }) => {
      admit(policy, state, decimals, promised, now());
      return save();
    },
  };
  for (let filled = false; ;) {
    try {
      return await paidFetch(call, url, init);
    } catch (error) {
      if (!spender(context) || filled) throw error;
      if (error instanceof SessionSpent) {
        await fillLane(context, channelId, error.missing);
        filled = true;
      } else if (!await isEmptied(context, channelId, error)) {
        throw error;
      }
    }
  }
}

/** In OpenAI's shape, so that its clients show the reason. */
function refusal({ status, code, message, fix }: Problem): Response {
  return new Response(
    JSON.stringify({ error: { message: fix ? `${message} ${fix}` : message, type: 'stoa', code, param: null, fix } }),
    { status, headers: { 'content-type': 'application/json', 'x-should-retry': 'false' } });
}
