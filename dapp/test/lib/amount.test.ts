import { expect, test } from 'vitest';
import { aboutCalls, dollars, parseAmount, partOf, percent, plain, shortDollars } from '../../src/lib/amount';
import { callCost } from '../../src/lib/chat';

test('sums are exact to the last unit, with two decimals at least', () => {
  expect(dollars('5000000')).toBe('$5.00');
  expect(dollars('1')).toBe('$0.000001');
  expect(dollars('1234567890123')).toBe('$1,234,567.890123');
  expect(dollars(-1_500_000n)).toBe('−$1.50');
  expect(plain(12_500_000n, 6)).toBe('12.5');
  expect(plain(7n, 0)).toBe('7');
});

test('headlines keep two digits below ten cents', () => {
  expect(shortDollars('2137')).toBe('$0.0021');
  expect(shortDollars('15')).toBe('$0.000015');
  expect(shortDollars('5123456')).toBe('$5.12');
  expect(shortDollars('0')).toBe('$0');
});

test('what people type is a sum or nothing', () => {
  expect(parseAmount('1.5', 6)).toBe(1_500_000n);
  expect(parseAmount(' $2,50 ', 6)).toBe(2_500_000n);
  expect(parseAmount('.5', 6)).toBe(500_000n);
  expect(parseAmount('3.', 6)).toBe(3_000_000n);
  for (const bad of ['', '.', '-1', '1e3', '0x10', '1.0000001', 'a', '1 000']) expect(parseAmount(bad, 6)).toBeNull();
});

test('how far a sum goes is rounded down', () => {
  expect(aboutCalls(1_000_000n, 2100n)).toBe('about 470 calls');
  expect(aboutCalls(1_000_000n, 15n)).toBe('about 66,000 calls');
  expect(aboutCalls(1_000_000n, 600_000n)).toBe('about 1 call');
  expect(aboutCalls(1n, 2n)).toBe('less than one call');
  expect(aboutCalls(1n, 0n)).toBe('free calls');
});

test('shares and their parts', () => {
  expect(percent(333_333)).toBe('33.33 %');
  expect(percent(700_000)).toBe('70 %');
  expect(partOf(10n, 333_333)).toBe(3n);
});

test('a call costs what the node\'s own formula says, rounded up', () => {
  const price = { token: '0x0' as const, perCall: '200', perMillionInput: '500000', perMillionOutput: '1500000' };
  expect(callCost(price, 0, 0)).toBe(200n);
  expect(callCost(price, 1, 0)).toBe(201n);
  expect(callCost(price, 10, 20)).toBe(235n);
});
