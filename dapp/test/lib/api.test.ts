import { expect, test } from 'vitest';
import { createApi, query } from '../../src/lib/api';

function apiOf(...answers: (() => Response)[]) {
  const asked: { url: string; body: unknown }[] = [];
  const pauses: number[] = [];
  const api = createApi('', (async (url: unknown, init?: RequestInit) => {
    asked.push({ url: String(url), body: init?.body ? JSON.parse(String(init.body)) : null });
    return answers.shift()!();
  }) as typeof fetch, async (ms) => { pauses.push(ms); });
  return { api, asked, pauses };
}
const json = (value: unknown, status = 200) => () => new Response(JSON.stringify(value), { status });
const down = () => { throw new TypeError('Failed to fetch'); };

test('what is not set is not asked for, and names are escaped', async () => {
  expect(query({ q: 'a b', task: undefined, served: false, sort: '', limit: 3 })).toBe('?q=a+b&limit=3');
  expect(query({ task: ['a', 'b'], domain: [], tag: ['c d'] })).toBe('?task=a&task=b&tag=c+d');
  const { api, asked } = apiOf(json({}));
  await api.model('0xabc/slug');
  expect(asked[0]!.url).toBe('/api/models/0xabc%2Fslug');
});

test('sums leave as decimal strings', async () => {
  const { api, asked } = apiOf(json({ transaction: '0x1', block: 2 }));
  await api.relay('order', { order: { maxPrice: 2n ** 100n } });
  expect(asked[0]!.body).toEqual({ kind: 'order', order: { maxPrice: '1267650600228229401496703205376' } });
});

test('a refusal keeps what happened and what to do', async () => {
  const { api } = apiOf(json({ title: 'T', detail: 'D', code: 'c', fix: 'F' }, 422), json({ error: { message: 'M', code: 'd' } }, 400),
    () => new Response('<html>', { status: 500 }), down);
  await expect(api.offer('1')).rejects.toMatchObject({ status: 422, code: 'c', message: 'D', fix: 'F' });
  await expect(api.offer('1')).rejects.toMatchObject({ code: 'd', message: 'M' });
  await expect(api.offer('1')).rejects.toMatchObject({ status: 500, message: 'The node answered 500.' });
  await expect(api.offer('1')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
});

test('a signature whose answer got lost is asked for again, a refusal is not', async () => {
  const lost = apiOf(down, json({}, 503), json({ transaction: '0x1', block: 2 }));
  expect(await lost.api.relay('exit', {})).toMatchObject({ block: 2 });
  expect(lost.pauses).toEqual([1000, 3000]);
  const silent = apiOf(down, down, down);
  await expect(silent.api.relay('exit', {})).rejects.toMatchObject({ fix: expect.stringContaining('before you sign again') });
  const refused = apiOf(json({ detail: 'No.' }, 422));
  await expect(refused.api.relay('exit', {})).rejects.toMatchObject({ message: 'No.' });
});

test('nobody signed in is an answer, not an error', async () => {
  const { api } = apiOf(json({}, 401), json({}, 500));
  expect(await api.signedIn()).toBeNull();
  await expect(api.signedIn()).rejects.toMatchObject({ status: 500 });
});
