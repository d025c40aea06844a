export type ServerEvent = { event: string; data: string };

/** Reads a stream of server-sent events as they arrive; ends with the stream. */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  let event = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      buffer += done ? decoder.decode() : decoder.decode(value, { stream: true });
      // A line may end in \r\n, and the \n may be in the next piece.
      const whole = done ? buffer.length : Math.max(buffer.lastIndexOf('\n') + 1, 0);
      for (const line of buffer.slice(0, whole).split(/\r?\n/).slice(0, done ? undefined : -1)) {
        if (line === '') {
          if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
          event = '';
          data = [];
        } else if (line.startsWith('data:')) {
          data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
        } else if (line.startsWith('event:')) {
          event = line.slice(6).trim();
        }
      }
      buffer = buffer.slice(whole);
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
