// One turn of a chat: tokens as they come, what they cost so far, and the charge at the end.
import type { CallPrice } from './types';
import {
  book, exclusive, type LaneChoice, onFreeLane, type PaidCall, paidFetch, Problem, serverEvents, type SettlementResponse,
  type VoucherAsk,
} from '@stoa/client';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

export type Progress = {
  text: string;
  tokens: number;
  /** Of this turn: estimated while it streams, exact at the end. */
  cost: bigint;
  exact: boolean;
};

export type Turn = Progress & {
  /** As OpenAI names it, or 'stopped' by the reader, or 'cut' where the stream broke off. */
  finish: string | null;
  /** What the session has left. */
  left: bigint | null;
  receipt: SettlementResponse | null;
};

type Chunk = {
  error?: { message?: string; code?: string; fix?: string };
  choices?: { delta?: { content?: string }; text?: string; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
};

/** Rounded up in parts of a unit, as stoa/payment/price.hpp does. */
export function callCost(price: CallPrice, inTokens: number, outTokens: number): bigint {
  const parts = BigInt(price.perMillionInput) * BigInt(inTokens)
    + BigInt(price.perMillionOutput) * BigInt(outTokens);
  return BigInt(price.perCall) + (parts + 999_999n) / 1_000_000n;
}

export type ChatRequest = {
  url: string;
  model: string;
  messages: ChatMessage[];
  maxTokens: number;
  /** Models without a chat template continue a text. */
  form: 'chat' | 'completion';
  price: CallPrice;
  signal?: AbortSignal;
  onProgress: (progress: Progress) => void;
};

/**
 * Streams one answer. Ending it by `signal` pays for what was delivered. While another tab uses the
 * session, it is paid from another lane of it, where `lanes` has or opens one.
 */
export const chatTurn = (
  call: PaidCall, request: ChatRequest, lanes?: LaneChoice,
): Promise<Turn> => (lanes
  ? onFreeLane(lanes, ({ channelId }) => turnOf({ ...call, channelId }, request))
  : exclusive(call.channelId, () => turnOf(call, request)));

async function turnOf(call: PaidCall, request: ChatRequest): Promise<Turn> {
  const { url, model, messages, maxTokens, form, price, signal, onProgress } = request;
  const before = (await call.store.channel(call.channelId))?.charged;
  const last = messages.at(-1)?.content ?? '';
  const paying = { payOn: true, refills: true, ...call };
  const { response, payOn } = await paidFetch(paying, `${url}/${form === 'chat' ? 'chat/' : ''}completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stoa-stream': '1' },
    body: JSON.stringify({
      model, ...(form === 'chat' ? { messages } : { prompt: last }), max_tokens: maxTokens,
      // Small models lose the thread at the API's own default, 1.
      temperature: 0.2, stream: true, stream_options: { include_usage: true },
    }),
    signal: signal ?? null,
  });
  if (!response.body) throw new Problem(502, 'no_body', 'The node sent no answer.');

  // Four bytes a token is the usual measure; the receipt corrects it.
  let input = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const turn: Turn = {
    text: '', tokens: 0, cost: callCost(price, input, 0), exact: false, finish: null, left: null,
    receipt: null,
  };
  let whole = false;
  try {
    for await (const { event, data } of serverEvents(response.body)) {
      if (event === 'stoa.receipt') {
        turn.receipt = JSON.parse(data) as SettlementResponse;
        continue;
      }
      if (event === 'stoa.voucher') {
        void payOn?.(JSON.parse(data) as VoucherAsk).catch(() => false);
      }
      if (event !== 'message') continue;
      if (data === '[DONE]') {
        whole = true;
        continue;
      }
      const chunk = JSON.parse(data) as Chunk;
      if (chunk.error) {
        throw new Problem(502, chunk.error.code ?? 'engine', chunk.error.message
          ?? 'The model stopped.', chunk.error.fix);
      }
      if (chunk.usage) {
        input = chunk.usage.prompt_tokens ?? input;
        turn.tokens = chunk.usage.completion_tokens ?? turn.tokens;
      }
      const [choice] = chunk.choices ?? [];
      const piece = choice?.delta?.content ?? choice?.text ?? '';
      turn.finish = choice?.finish_reason ?? turn.finish;
      if (piece !== '') {
        turn.text += piece;
        if (!chunk.usage) turn.tokens++;
      }
      turn.cost = callCost(price, input, turn.tokens);
      onProgress({ text: turn.text, tokens: turn.tokens, cost: turn.cost, exact: false });
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    turn.finish = 'stopped';
  }
  if (!whole && turn.finish !== 'stopped') turn.finish = 'cut';
  const booked = await book(call.store, call.channelId, turn.receipt);
  if (booked && before !== undefined) {
    const charged = turn.receipt?.extra?.chargedAmount;
    turn.cost = charged !== undefined ? BigInt(charged) : BigInt(booked.charged) - BigInt(before);
    turn.exact = true;
    turn.left = BigInt(booked.balance) - BigInt(booked.charged);
  }
  onProgress(turn);
  return turn;
}
