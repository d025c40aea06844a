import type { PayOn, VoucherAsk } from './pay_on.ts';
import { serverEvents } from './sse.ts';
import type { SettlementResponse } from './x402.ts';

/**
 * A stream of events as any OpenAI client knows them, and apart from it the receipt at its end;
 * null where it broke off before. What the node asks for meanwhile is promised by `payOn`. Read at
 * once, so that both also come where nobody reads on; ended by its reader, it ends the call.
 */
export function withoutReceipt(
  source: ReadableStream<Uint8Array>, payOn?: PayOn,
): { body: ReadableStream<Uint8Array>; receipt: Promise<SettlementResponse | null> } {
  const encoder = new TextEncoder();
  let done: (receipt: SettlementResponse | null) => void;
  const receipt = new Promise<SettlementResponse | null>((resolve) => { done = resolve; });
  let left = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let found: SettlementResponse | null = null;
      void (async () => {
        try {
          for await (const { event, data } of serverEvents(source)) {
            if (left) return;
            if (event === 'stoa.receipt') found = JSON.parse(data) as SettlementResponse;
            if (event === 'stoa.voucher') {
              void payOn?.(JSON.parse(data) as VoucherAsk).catch(() => false);
            }
            if (event !== 'message') continue;
            const lines = data.split('\n').map((line) => `data: ${line}\n`).join('');
            controller.enqueue(encoder.encode(`${lines}\n`));
          }
          controller.close();
        } catch (error) {
          if (!left) controller.error(error);
        } finally {
          done(found);
        }
      })();
    },
    cancel() { left = true; },
  });
  return { body, receipt };
}
