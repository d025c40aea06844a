import { expect, test } from 'vitest';
import { chatTurn, type ChatRequest, type Progress } from '../../src/lib/chat';
import { asks, nodeOf, openChannel, stateOf, terms, TOKEN } from './fixture';

const PRICE = { token: TOKEN, perCall: '100', perMillionInput: '1000000', perMillionOutput: '1000000' };

const request = (seen: Progress[], more: Partial<ChatRequest> = {}): ChatRequest => ({
  url: '/m/x/v1', model: 'x', messages: [{ role: 'user', content: 'Hi' }], maxTokens: 9, form: 'chat', price: PRICE,
  onProgress: (progress) => seen.push({ ...progress }), ...more,
});

const stream = (...lines: string[]) => () => new Response(lines.map((line) => `${line}\n\n`).join(''), {
  headers: { 'content-type': 'text/event-stream' },
});
const piece = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}`;

test('tokens come one by one with a rising cost, and the receipt makes it exact', async () => {
  const { store, key, channelId } = await openChannel();
  const receipt = { success: true, transaction: '', network: '', extra: { channelState: stateOf(channelId, '107'), chargedAmount: '107' } };
  const node = nodeOf(() => asks(terms('1000')), stream(
    piece('Hel'), piece('lo'), 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
    'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}',
    `event: stoa.receipt\ndata: ${JSON.stringify(receipt)}`, 'data: [DONE]'));
  const seen: Progress[] = [];
  const turn = await chatTurn({ store, key, channelId, fetch: node.fetch }, request(seen));
  expect(turn).toMatchObject({ text: 'Hello', tokens: 2, cost: 107n, exact: true, finish: 'stop', left: 999_893n });
  expect(seen.map(({ text }) => text).slice(0, 2)).toEqual(['Hel', 'Hello']);
  expect(seen[1]!.cost).toBeGreaterThan(seen[0]!.cost);
  expect(seen.slice(0, -1).every(({ exact }) => !exact)).toBe(true);
  expect((await store.channel(channelId))!.charged).toBe('107');
});

test('a model without a chat template continues a text', async () => {
  const { store, key, channelId } = await openChannel();
  const node = nodeOf(() => asks(terms('1000')), stream('data: {"choices":[{"text":", there was"}]}', 'data: [DONE]'));
  const turn = await chatTurn({ store, key, channelId, fetch: node.fetch }, request([], { form: 'completion' }));
  expect(turn).toMatchObject({ text: ', there was', exact: false, left: null });
});

test('an answer whose stream breaks off says so', async () => {
  const { store, key, channelId } = await openChannel();
  const node = nodeOf(() => asks(terms('1000')), stream(piece('Half')));
  expect(await chatTurn({ store, key, channelId, fetch: node.fetch }, request([])))
    .toMatchObject({ text: 'Half', finish: 'cut', exact: false });
});

test('an engine that fails in mid-stream is a refusal with its way out', async () => {
  const { store, key, channelId } = await openChannel();
  const node = nodeOf(() => asks(terms('1000')), stream(
    piece('Ha'), 'data: {"error":{"message":"The model stopped.","code":"engine_failed","fix":"Ask again."}}'));
  await expect(chatTurn({ store, key, channelId, fetch: node.fetch }, request([])))
    .rejects.toMatchObject({ code: 'engine_failed', fix: 'Ask again.' });
  expect((await store.channel(channelId))!.charged).toBe('0');
});

test('stopping keeps what came and leaves the charge to the next call', async () => {
  const { store, key, channelId } = await openChannel();
  const abort = new AbortController();
  const endless = () => new Response(new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`${piece('One')}\n\n`));
      abort.signal.addEventListener('abort', () => controller.error(abort.signal.reason));
    },
  }));
  const node = nodeOf(() => asks(terms('1000')), endless);
  const turn = await chatTurn({ store, key, channelId, fetch: node.fetch }, request([], {
    signal: abort.signal, onProgress: () => abort.abort(),
  }));
  expect(turn).toMatchObject({ text: 'One', finish: 'stopped', exact: false });
});
