// Splits and rights as they are typed.
#include "stoa/market/terms.hpp"

#include "stoa/market/split.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto text = text_of(input);
    if (const auto payees = market::parse_split(text)) {
        demand(market::check_payees(*payees).has_value());
        std::uint64_t all = 0;
        for (const auto& payee : *payees) all += payee.share;
        demand(all == market::kWhole);
    }
    (void)market::parse_rights(text);
}

}  // namespace stoa::fuzz
