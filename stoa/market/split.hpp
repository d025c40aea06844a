#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stoa/base/amount.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/market/error.hpp"

namespace stoa::market {

/// All of what a split receives.
inline constexpr std::uint32_t kWhole = 1'000'000;
inline constexpr std::size_t kMaxPayees = 32;

struct Payee {
    eth::Address account;
    std::uint32_t share = 0;  ///< Of `kWhole`.
    friend bool operator==(const Payee&, const Payee&) = default;
};

/// What the contract `Splits` demands: no_payees, too_many_payees, payee_twice, payees_unsorted,
/// zero_share, shares_not_whole.
Result<void> check_payees(const std::vector<Payee>&);

/// `0xA…:50,0xB…:30,0xC…:20`: parts of their own sum, which need not be a hundred. Sorted; what
/// rounding down leaves of the million goes to the largest, one each, so that nobody loses more
/// than a millionth: bad_split, and as `check_payees`.
Result<std::vector<Payee>> parse_split(std::string_view);

/// What a payee may take of a split that has received `received` in total and paid it `claimed`:
/// ⌊received · share / 1,000,000⌋ − claimed. Rounded down; the rest waits in the split.
Amount due(const Amount& received, std::uint32_t share, const Amount& claimed);

}  // namespace stoa::market
