/* The price that follows demand, bit for bit as contracts/src/PriceCurve.sol computes it, whose comment is the
 * specification: price = min(cap, floor · e^(excess / sensitivity)). Excess and sensitivity count sales, in 1e18 each. */

const WAD = 10n ** 18n;
const LN2 = 693_147_180_559_945_309n;
const DAY = 86_400n;

/** e^(x / 1e18) · 1e18 for 0 ≤ x ≤ 67e18. */
export function exp(x: bigint): bigint {
  if (x < 0n || x > 67n * WAD) throw new RangeError('no price curve is so steep');
  const r = x % LN2;
  let t = WAD;
  for (let i = 14n; i > 0n; i--) t = WAD + (r * t) / (i * WAD);
  return t << (x / LN2);
}

/** ln(a / b) · 1e18 for 0 < b ≤ a < 2^96. */
export function ln(a: bigint, b: bigint): bigint {
  if (b <= 0n || b > a || a >> 96n) throw new RangeError('a price lies between a floor above 0 and a cap not below it');
  let k = 0n;
  while (b << (k + 1n) <= a) k++;
  let y = (a << 62n) / (b << k), f = 0n;
  for (let i = 0; i < 59; i++) {
    y = (y * y) >> 62n;
    f <<= 1n;
    if (y >> 63n) {
      y >>= 1n;
      f |= 1n;
    }
  }
  return (((k << 59n) + f) * LN2) >> 59n;
}

/** The excess at which the price reaches the cap. */
export const most = (floor: bigint, cap: bigint, sensitivity: bigint) => (sensitivity * ln(cap, floor)) / WAD;

/** What is left of an excess after `seconds`. */
export function drained(excess: bigint, targetPerDay: bigint, seconds: bigint): bigint {
  const drain = (targetPerDay * seconds) / DAY;
  return drain < excess ? excess - drain : 0n;
}

export interface Curve { floor: bigint; cap: bigint; sensitivity: bigint }

/** What `n` licences cost, and the excess after their sale. */
export function sale({ floor, cap, sensitivity }: Curve, excess: bigint, n: number): { total: bigint; next: bigint } {
  if (floor === cap) return { total: floor * BigInt(n), next: 0n };
  if (sensitivity <= 0n) throw new RangeError('a price that moves has a sensitivity');
  const limit = most(floor, cap, sensitivity), highest = cap * WAD;
  let total = 0n, next = excess < limit ? excess : limit;
  for (let i = 0; i < n; i++) {
    const price = floor * exp((next * WAD) / sensitivity);
    total += price < highest ? price : highest;
    next = next + WAD < limit ? next + WAD : limit;
  }
  return { total: (total + WAD - 1n) / WAD, next };
}
