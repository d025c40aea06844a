#include "stoa/market/split.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"

namespace stoa::market {
namespace {

constexpr unsigned kPartBits = 64;

struct Part {
    eth::Address account;
    U256 parts;
};

Result<Part> parse_part(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return fail(MarketError::bad_split);
    STOA_TRY(const eth::Address account, eth::parse_address(text.substr(0, colon)));
    const auto parts = parse_decimal(text.substr(colon + 1), kPartBits);
    if (!parts) return fail(MarketError::bad_split);
    return Part{account, *parts};
}

/// The floors leave at most one millionth a payee.
void give_rest(std::vector<Payee>& payees, std::uint32_t rest) {
    std::vector<Payee*> largest_first;
    for (Payee& payee : payees) largest_first.push_back(&payee);
    std::ranges::stable_sort(largest_first, std::ranges::greater{}, &Payee::share);
    STOA_ASSERT(rest < largest_first.size() || rest == 0);
    for (std::uint32_t i = 0; i < rest; ++i) ++largest_first[i]->share;
}

}  // namespace

Result<void> check_payees(const std::vector<Payee>& payees) {
    if (payees.empty()) return fail(MarketError::no_payees);
    if (payees.size() > kMaxPayees) return fail(MarketError::too_many_payees);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < payees.size(); ++i) {
        if (payees[i].share == 0) return fail(MarketError::zero_share);
        sum += payees[i].share;
        if (i == 0 || payees[i - 1].account < payees[i].account) continue;
        return fail(payees[i - 1].account == payees[i].account ? MarketError::payee_twice
                                                               : MarketError::payees_unsorted);
    }
    if (sum != kWhole) return fail(MarketError::shares_not_whole);
    return {};
}

Result<std::vector<Payee>> parse_split(std::string_view text) {
    std::vector<Part> parts;
    U256 sum = 0;
    while (true) {
        const std::size_t comma = text.find(',');
        STOA_TRY(Part part, parse_part(text.substr(0, comma)));
        sum += part.parts;
        parts.push_back(std::move(part));
        if (parts.size() > kMaxPayees) return fail(MarketError::too_many_payees);
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
    }
    if (sum == 0) return fail(MarketError::zero_share);
    std::ranges::sort(parts, {}, &Part::account);

    std::vector<Payee> payees;
    std::uint32_t given = 0;
    for (const Part& part : parts) {
        const auto share = static_cast<std::uint32_t>(U256{part.parts * kWhole / sum});
        payees.push_back({part.account, share});
        given += share;
    }
    give_rest(payees, kWhole - given);
    STOA_CHECK(check_payees(payees));
    return payees;
}

Amount due(const Amount& received, std::uint32_t share, const Amount& claimed) {
    STOA_ASSERT(share <= kWhole);
    return Amount{U256{received.units * share / kWhole}} - claimed;
}

}  // namespace stoa::market
