#pragma once

#include <cstdint>

#include "stoa/base/amount.hpp"
#include "stoa/market/error.hpp"

/// The price that follows demand, bit for bit as contracts/src/PriceCurve.sol computes it, whose
/// comment is the specification: price = min(cap, floor · e^(excess / sensitivity)). Excess and
/// sensitivity count sales, in 1e18 each. Pure.
namespace stoa::market::price_curve {

/// e^(x / 1e18) · 1e18, at most 4e-15 of itself too small: no_curve where x is above 67e18.
Result<U256> exp(const U256& x);

/// ln(a / b) · 1e18: no_curve unless 0 < b ≤ a < 2^96.
Result<U256> ln(const Amount& a, const Amount& b);

/// The excess at which the price reaches the cap: as `ln`.
Result<U256> most(const Amount& floor, const Amount& cap, const U256& sensitivity);

/// What is left of an excess after `seconds`.
U256 drained(const U256& excess, const U256& target_per_day, std::uint64_t seconds);

struct Sale {
    Amount total;  ///< Rounded up.
    U256 next;     ///< The excess after it.
};

/// What `n` licences cost: no_curve where floor is above cap, or they differ and sensitivity is 0.
Result<Sale> sale(const Amount& floor, const Amount& cap, const U256& sensitivity,
                  const U256& excess, std::uint32_t n);

}  // namespace stoa::market::price_curve
