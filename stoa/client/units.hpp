#pragma once

#include <string>
#include <string_view>

#include "stoa/base/amount.hpp"

namespace stoa::client {

/// What people write, `1`, `1.5` or `0.000001`, in a token's smallest units: bad_decimal, also for
/// more places than the token has; out_of_range above 128 bits.
Result<Amount> parse_units(std::string_view text, unsigned decimals);

/// `1.50`: at least two places where the token has them, no more than needed.
std::string format_units(const Amount&, unsigned decimals);

}  // namespace stoa::client
