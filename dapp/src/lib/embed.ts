import {
  book, decodeHeader, exclusive, type PaidCall, paidFetch, PAYMENT_RESPONSE, type SettlementResponse,
} from '@stoa/client';

/** Vectors of texts, paid from the session; `cost` is null where the node doesn't say it. */
export async function embed(
  call: PaidCall, { url, model, texts }: { url: string; model: string; texts: string[] },
): Promise<{ vectors: number[][]; cost: bigint | null }> {
  return exclusive(call.channelId, async () => {
    const { response } = await paidFetch(call, `${url}/embeddings`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: texts, encoding_format: 'float' }),
    });
    const { data } = await response.json() as { data: { index: number; embedding: number[] }[] };
    const answer = decodeHeader<SettlementResponse>(response.headers.get(PAYMENT_RESPONSE));
    await book(call.store, call.channelId, answer);
    const charged = answer?.extra?.chargedAmount;
    return {
      vectors: data.sort((a, b) => a.index - b.index).map(({ embedding }) => embedding),
      cost: charged === undefined ? null : BigInt(charged),
    };
  });
}

/** Cosine of the angle between two vectors: 1 for the same direction. */
export function similarity(a: number[], b: number[]): number {
  let dot = 0, lengthA = 0, lengthB = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const x = a[i] ?? 0, y = b[i] ?? 0;
    dot += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return lengthA && lengthB ? dot / Math.sqrt(lengthA * lengthB) : 0;
}
