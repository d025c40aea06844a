// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The price that follows demand: price = min(cap, floor · e^(excess / sensitivity)).
/// @notice `excess` counts sales above the target, in 1e18: each sale adds 1e18, time drains
/// `targetPerDay` a day, and it stays within 0 … `most`, where the price is the cap. Thus the price
/// is never below the floor and has no memory of a lull.
/// @dev Every step is written in integers, so that other languages get the same bits; `WAD` = 1e18,
/// all divisions round down; the loops of `exp` and `ln` need 128 bits, the rest 256.
///
/// exp(x), 0 ≤ x ≤ 67e18:  k = x / LN2,  r = x mod LN2,  t = WAD;
///   for i = 14 … 1:  t = WAD + r · t / (i · WAD);   exp = t · 2^k.
///   (Horner's form of the Taylor series to the 14th degree. Relative error below 4e-15.)
///
/// ln(a / b), 0 < b ≤ a < 2^96:  k = ⌊log2(a / b)⌋,  y = a · 2^62 / (b · 2^k),  f = 0;
///   59 times:  y = y · y / 2^62,  f = 2f;  if y ≥ 2^63:  y = y / 2,  f = f + 1;
///   ln = (k · 2^59 + f) · LN2 / 2^59.
///
/// n licences cost ⌈Σ min(cap · WAD, floor · exp(xᵢ)) / WAD⌉ over the n successive excesses
/// eᵢ = min(excess + i · WAD, most), i = 0 … n − 1, xᵢ = eᵢ · WAD / sensitivity.
library PriceCurve {
    uint256 internal constant WAD = 1e18;
    /// @dev ⌊ln 2 · 1e18⌋
    uint256 internal constant LN2 = 693_147_180_559_945_309;
    uint256 internal constant MAX_X = 67e18;

    error NoCurve();

    /// @notice e^(x / 1e18) · 1e18
    function exp(uint256 x) internal pure returns (uint256 y) {
        require(x <= MAX_X, NoCurve());
        // The loop written out: it is in every purchase. No product reaches 2^256: r < 2^60, t < 2^61.
        assembly ("memory-safe") {
            let r := mod(x, LN2)
            y := add(WAD, div(r, 14))
            y := add(WAD, div(mul(r, y), 13000000000000000000))
            y := add(WAD, div(mul(r, y), 12000000000000000000))
            y := add(WAD, div(mul(r, y), 11000000000000000000))
            y := add(WAD, div(mul(r, y), 10000000000000000000))
            y := add(WAD, div(mul(r, y), 9000000000000000000))
            y := add(WAD, div(mul(r, y), 8000000000000000000))
            y := add(WAD, div(mul(r, y), 7000000000000000000))
            y := add(WAD, div(mul(r, y), 6000000000000000000))
            y := add(WAD, div(mul(r, y), 5000000000000000000))
            y := add(WAD, div(mul(r, y), 4000000000000000000))
            y := add(WAD, div(mul(r, y), 3000000000000000000))
            y := add(WAD, div(mul(r, y), 2000000000000000000))
            y := add(WAD, div(mul(r, y), WAD))
            y := shl(div(x, LN2), y)
        }
    }

    /// @notice ln(a / b) · 1e18
    function ln(uint96 a, uint96 b) internal pure returns (uint256) {
        require(b != 0 && b <= a, NoCurve());
        unchecked {
            uint256 k;
            while (uint256(b) << (k + 1) <= a) ++k;
            uint256 y = (uint256(a) << 62) / (uint256(b) << k);
            uint256 f;
            for (uint256 i; i < 59; ++i) {
                y = (y * y) >> 62;
                f <<= 1;
                if (y >> 63 != 0) {
                    y >>= 1;
                    f |= 1;
                }
            }
            return (((k << 59) + f) * LN2) >> 59;
        }
    }

    /// @notice The excess at which the price reaches the cap: more is never kept.
    function most(uint96 floor, uint96 cap, uint256 sensitivity) internal pure returns (uint256) {
        return sensitivity * ln(cap, floor) / WAD;
    }

    /// @notice What is left of an excess after `time` seconds.
    function drained(uint256 excess, uint256 targetPerDay, uint256 time)
        internal
        pure
        returns (uint256)
    {
        uint256 drain = targetPerDay * time / 1 days;
        unchecked {
            return drain < excess ? excess - drain : 0;
        }
    }

    /// @notice What `n` licences cost, and the excess after their sale.
    function sale(uint96 floor, uint96 cap, uint256 sensitivity, uint256 excess, uint256 n)
        internal
        pure
        returns (uint256 total, uint256 next)
    {
        if (floor == cap) return (n * floor, 0);
        require(sensitivity != 0, NoCurve());
        uint256 limit = most(floor, cap, sensitivity);
        if (n == 0) return (0, excess < limit ? excess : limit);
        return sold(floor, cap, sensitivity, limit, excess, n);
    }

    /// @notice The same where `most` is known, which is `limit`, and `n` is not 0.
    function sold(
        uint96 floor,
        uint96 cap,
        uint256 sensitivity,
        uint256 limit,
        uint256 excess,
        uint256 n
    ) internal pure returns (uint256 total, uint256 next) {
        // A price is below 2^253 before it is capped, and all below 2^162 then.
        unchecked {
            uint256 highest = uint256(cap) * WAD;
            next = excess < limit ? excess : limit;
            do {
                uint256 price = floor * exp(next * WAD / sensitivity);
                total += price < highest ? price : highest;
                next += WAD;
                if (next > limit) next = limit;
            } while (--n != 0);
            total = (total + WAD - 1) / WAD;
        }
    }
}
