#include "stoa/market/price_curve.hpp"

#include <algorithm>

namespace stoa::market::price_curve {
namespace {

const U256 kWad{1'000'000'000'000'000'000};
const U256 kLn2{693'147'180'559'945'309};
constexpr std::uint64_t kDay = 86'400;

}  // namespace

Result<U256> exp(const U256& x) {
    if (x > 67 * kWad) return fail(MarketError::no_curve);
    const U256 r = x % kLn2;
    U256 t = kWad;
    for (unsigned i = 14; i != 0; --i) t = kWad + r * t / (i * kWad);
    return U256{t << static_cast<unsigned>(x / kLn2)};
}

Result<U256> ln(const Amount& a, const Amount& b) {
    if (b.units == 0 || b > a || a.units >> 96 != 0) return fail(MarketError::no_curve);
    unsigned k = 0;
    while (b.units << (k + 1) <= a.units) ++k;
    U256 y = (a.units << 62) / (b.units << k);
    std::uint64_t f = 0;
    for (int i = 0; i < 59; ++i) {
        y = y * y >> 62;
        f <<= 1;
        if (y >> 63 != 0) {
            y >>= 1;
            f |= 1;
        }
    }
    return U256{((U256{k} << 59) + f) * kLn2 >> 59};
}

Result<U256> most(const Amount& floor, const Amount& cap, const U256& sensitivity) {
    STOA_TRY(const U256 steepness, ln(cap, floor));
    return U256{sensitivity * steepness / kWad};
}

U256 drained(const U256& excess, const U256& target_per_day, std::uint64_t seconds) {
    const U256 drain = target_per_day * seconds / kDay;
    return drain < excess ? U256{excess - drain} : U256{0};
}

Result<Sale> sale(const Amount& floor, const Amount& cap, const U256& sensitivity,
                  const U256& excess, std::uint32_t n) {
    if (floor == cap) return Sale{Amount{floor.units * n}, 0};
    if (sensitivity == 0) return fail(MarketError::no_curve);
    STOA_TRY(const U256 limit, most(floor, cap, sensitivity));
    const U256 highest = cap.units * kWad;
    U256 total = 0;
    U256 next = std::min(excess, limit);
    for (std::uint32_t i = 0; i < n; ++i) {
        STOA_TRY(const U256 growth, exp(next * kWad / sensitivity));
        total += std::min(U256{floor.units * growth}, highest);
        next = std::min(U256{next + kWad}, limit);
    }
    return Sale{Amount{(total + kWad - 1) / kWad}, next};
}

}  // namespace stoa::market::price_curve
