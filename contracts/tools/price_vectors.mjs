// node tools/price_vectors.mjs: writes test/vectors/price_curve.json, which Solidity, C++ and TypeScript share.
// The algorithm of src/PriceCurve.sol in BigInt, and beside each exp and ln its real value to 30 digits.
import fs from 'node:fs';
import path from 'node:path';

const WAD = 10n ** 18n;
const LN2 = 693147180559945309n;
const FINE = 10n ** 60n;
const DAY = 86_400n;

function exp(x) {
  const r = x % LN2;
  let t = WAD;
  for (let i = 14n; i > 0n; --i) t = WAD + (r * t) / (i * WAD);
  return t << (x / LN2);
}

function ln(a, b) {
  let k = 0n;
  while (b << (k + 1n) <= a) ++k;
  let y = (a << 62n) / (b << k);
  let f = 0n;
  for (let i = 0; i < 59; ++i) {
    y = (y * y) >> 62n;
    f <<= 1n;
    if (y >> 63n) { y >>= 1n; f |= 1n; }
  }
  return (((k << 59n) + f) * LN2) >> 59n;
}

const least = (a, b) => (a < b ? a : b);

function sale({ floor, cap, sensitivity, excess, n }) {
  if (floor === cap) return { total: n * floor, next: 0n };
  const most = (sensitivity * ln(cap, floor)) / WAD;
  let next = least(excess, most);
  let total = 0n;
  for (let i = 0n; i < n; ++i) {
    total += least(floor * exp((next * WAD) / sensitivity), cap * WAD);
    next = least(next + WAD, most);
  }
  return { total: (total + WAD - 1n) / WAD, next };
}

/** e^(x / 1e18) · 1e30, by halving until the plain series is quick. */
function realExp(x) {
  const part = (x * FINE) / WAD >> 8n;
  let sum = 0n;
  for (let term = FINE, i = 1n; term !== 0n; ++i) { sum += term; term = (term * part) / (FINE * i); }
  for (let i = 0; i < 8; ++i) sum = (sum * sum) / FINE;
  return sum / 10n ** 30n;
}

/** ln(a / b) · 1e30, by the series of artanh after taking out powers of two. */
function realLn(a, b) {
  let y = (a * FINE) / b;
  let k = 0n;
  while (y >= 2n * FINE) { y /= 2n; ++k; }
  return (k * artanh(2n * FINE) + artanh(y)) / 10n ** 30n;
}

function artanh(y) {
  const z = ((y - FINE) * FINE) / (y + FINE);
  let sum = 0n;
  for (let power = z, i = 1n; power !== 0n; i += 2n) { sum += power / i; power = (((power * z) / FINE) * z) / FINE; }
  return 2n * sum;
}

/** Fixed pseudo-random numbers below `limit`. */
let state = 0x53746f61n;
function some(limit) {
  state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 128n;
  return (state >> 20n) % limit;
}

const top = 2n ** 96n - 1n;
const xs = [0n, 1n, LN2 - 1n, LN2, LN2 + 1n, WAD, 2n * WAD, 10n * WAD, 66n * WAD, 67n * WAD];
for (let i = 0; i < 40; ++i) xs.push(some(67n * WAD));
const ratios = [[1n, 1n], [2n, 1n], [3n, 1n], [100n, 10n], [top, 1n], [top, top - 1n], [top, top]];
for (let i = 0; i < 30; ++i) {
  const b = 1n + some(10n ** (1n + some(20n)));
  ratios.push([b + some(b * 1000n), b]);
}
const sales = [
  { floor: 5_000_000n, cap: 5_000_000n, sensitivity: 0n, excess: 0n, n: 3n },
  { floor: 10_000_000n, cap: 100_000_000n, sensitivity: 20n * WAD, excess: 0n, n: 1n },
  { floor: 10_000_000n, cap: 100_000_000n, sensitivity: 20n * WAD, excess: 46n * WAD, n: 32n },
  { floor: 1n, cap: top, sensitivity: WAD / 1000n, excess: 0n, n: 32n },
];
for (let i = 0; i < 30; ++i) {
  const floor = 1n + some(10n ** 9n);
  const sensitivity = WAD / 10n + some(100n * WAD);
  sales.push({ floor, cap: floor + 1n + some(floor * 50n), sensitivity, excess: some(300n * WAD), n: 1n + some(32n) });
}
const drains = [[5n * WAD, 10n * WAD, 0n], [5n * WAD, 10n * WAD, DAY / 2n], [5n * WAD, 10n * WAD, DAY / 2n - 1n]];
for (let i = 0; i < 10; ++i) drains.push([some(50n * WAD), some(20n * WAD), some(5n * DAY)]);

const left = (excess, target, time) => {
  const drain = (target * time) / DAY;
  return drain < excess ? excess - drain : 0n;
};
const vectors = {
  exp: xs.map((x) => ({ x, exp: exp(x), real30: realExp(x) })),
  ln: ratios.map(([a, b]) => ({ a, b, ln: ln(a, b), real30: realLn(a, b) })),
  drained: drains.map(([excess, targetPerDay, time]) => ({ excess, targetPerDay, time, left: left(excess, targetPerDay, time) })),
  sale: sales.map((each) => ({ ...each, ...sale(each) })),
};
const text = (_, value) => (typeof value === 'bigint' ? String(value) : value);
const rows = Object.entries(vectors)
  .map(([name, list]) => `"${name}": [\n${list.map((each) => `  ${JSON.stringify(each, text)}`).join(',\n')}\n]`);
fs.writeFileSync(path.join(import.meta.dirname, '../test/vectors/price_curve.json'), `{\n${rows.join(',\n')}\n}\n`);
