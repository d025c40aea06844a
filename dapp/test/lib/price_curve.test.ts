import { expect, test } from 'vitest';
import { drained, exp, ln, sale } from '../../src/lib/price_curve';
import { priceCurve } from './vectors';

const big = (row: Record<string, string>) => Object.fromEntries(Object.entries(row).map(([name, text]) => [name, BigInt(text)]));

test('the curve is the contracts’ to the bit, and within 1e-9 of the real one', () => {
  for (const row of priceCurve.exp.map(big)) {
    expect(exp(row.x)).toBe(row.exp);
    const off = row.exp * 10n ** 12n - row.real30;
    expect((off < 0n ? -off : off) * 10n ** 9n <= row.real30).toBe(true);
  }
  for (const row of priceCurve.ln.map(big)) expect(ln(row.a, row.b)).toBe(row.ln);
  for (const row of priceCurve.drained.map(big)) expect(drained(row.excess, row.targetPerDay, row.time)).toBe(row.left);
  for (const row of priceCurve.sale.map(big)) {
    expect(sale({ floor: row.floor, cap: row.cap, sensitivity: row.sensitivity }, row.excess, Number(row.n)))
      .toEqual({ total: row.total, next: row.next });
  }
});

test('what is no curve has no price', () => {
  expect(() => exp(67n * 10n ** 18n + 1n)).toThrow(RangeError);
  expect(() => ln(1n, 0n)).toThrow(RangeError);
  expect(() => sale({ floor: 2n, cap: 1n, sensitivity: 5n }, 0n, 1)).toThrow(RangeError);
  expect(() => sale({ floor: 1n, cap: 2n, sensitivity: 0n }, 0n, 1)).toThrow(RangeError);
});
