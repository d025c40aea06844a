import { expect, test } from 'vitest';
import { serverEvents, type ServerEvent } from '@stoa/client';

function streamOf(text: string, sizes: number[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0, turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const size = sizes[turn++ % sizes.length]!;
      controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

async function read(text: string, sizes: number[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of serverEvents(streamOf(text, sizes))) events.push(event);
  return events;
}

const TEXT = ': hello\n\ndata: {"a":"ü走"}\n\nevent: stoa.receipt\r\ndata: one\r\ndata: two\r\n\r\nid: 3\ndata:[DONE]\n\n';
const EVENTS = [
  { event: 'message', data: '{"a":"ü走"}' }, { event: 'stoa.receipt', data: 'one\ntwo' }, { event: 'message', data: '[DONE]' },
];

test('events come out whole, wherever the stream is cut', async () => {
  for (const sizes of [[1], [2], [3, 1], [7], [1000], [5, 1, 2]]) expect(await read(TEXT, sizes)).toEqual(EVENTS);
});

test('what the end of the stream cuts off is no event', async () => {
  expect(await read('data: a\n\ndata: b', [4])).toEqual([{ event: 'message', data: 'a' }]);
  expect(await read('', [4])).toEqual([]);
});
