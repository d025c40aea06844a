// The market's API. One function per route, and one kind of error: Problem.
import type { Address, Hex } from 'viem';
import { carried, Problem, problemOf, type PurseState, unreachable } from '@stoa/client';
import type { Royalties } from './royalties';
import type {
  Deployment, Filters, Licence, ModelDetail, ModelPage, Money, Offer, OfferPrices, Relayed, RelayTerms, ServedModel,
} from './types';

export type Search = Filters & {
  q?: string;
  sort?: 'relevance' | 'newest' | 'price' | 'popular';
  cursor?: string;
  limit?: number;
};

export type RelayKind =
  | 'order' | 'deposit' | 'exit' | 'release' | 'purse_fund' | 'purse_policy' | 'purse_revoke' | 'purse_exit';

export type Api = ReturnType<typeof createApi>;

/** `origin` is '' on the node's own page. */
export function createApi(
  origin = '', fetchFn: typeof fetch = (...args) => fetch(...args), pause?: (ms: number) => Promise<void>,
) {
  async function request<T>(path: string, init?: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetchFn(origin + path, {
        ...init, headers: { accept: 'application/json', ...init?.headers },
      });
    } catch (cause) {
      if (init?.signal?.aborted) throw cause;
      throw unreachable(cause);
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as T;
    try {
      return await response.json() as T;
    } catch (cause) {
      throw unreachable(cause);
    }
  }
  const post = <T>(path: string, body: unknown): Promise<T> => request<T>(path, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value),
  });

  return {
    origin,
    deployment: () => request<Deployment>('/api/deployment'),
    models: (search: Search, signal?: AbortSignal) =>
      request<ModelPage>(`/api/models${query(search)}`, { signal: signal ?? null }),
    model: (id: string) => request<ModelDetail>(`/api/models/${encodeURIComponent(id)}`),
    royalties: (id: string, asked: { token?: Address; amount?: string; service?: string }) =>
      request<Royalties>(`/api/models/${encodeURIComponent(id)}/royalties${query(asked)}`),
    offer: (id: string) => request<Offer>(`/api/offers/${encodeURIComponent(id)}`),
    offerPrices: (id: string) => request<OfferPrices>(`/api/offers/${encodeURIComponent(id)}/prices`),
    licences: async (owner: Address) =>
      (await request<{ items: Licence[] }>(`/api/licences${query({ owner })}`)).items,
    money: (address: Address) => request<Money>(`/api/money${query({ address })}`),
    purse: (owner: Address, token: Address, key?: Address) =>
      request<PurseState>(`/api/purse${query({ owner, token, key })}`),
    served: async () => (await request<{ data: ServedModel[] }>('/v1/models')).data,
    faucet: (address: Address) =>
      post<{ transaction: Hex; amount: string; token: Address }>('/api/faucet', { address }),
    relayTerms: (payer: Address, token?: Address) =>
      request<RelayTerms>(`/api/relay${query({ payer, token })}`),
    /** Has a signature carried to the chain. */
    relay: <T>(kind: RelayKind, fields: object): Promise<Relayed & T> =>
      carried(() => post<Relayed & T>('/api/relay', { kind, ...fields }), pause),
    nonce: () => request<{ nonce: string; expiresAt: number }>('/api/auth/nonce'),
    verify: (message: string, signature: Hex) =>
      post<{ address: Address; expiresAt: number }>('/api/auth/verify', { message, signature }),
    signedIn: async () => {
      try {
        return await request<{ address: Address; expiresAt: number }>('/api/auth/session');
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    signOut: () => request<void>('/api/auth/session', { method: 'DELETE' }),
  };
}

/** '' or '?a=b…', without what isn't set. */
export function query(
  fields: Record<string, string | number | boolean | readonly string[] | undefined>,
): string {
  const params = new URLSearchParams();
  for (const [key, given] of Object.entries(fields)) {
    for (const value of Array.isArray(given) ? given as string[] : [given]) {
      if (value !== undefined && value !== '' && value !== false) params.append(key, String(value));
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}
