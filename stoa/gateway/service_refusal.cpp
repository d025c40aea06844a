#include "stoa/gateway/service_refusal.hpp"

namespace stoa::gateway {
namespace {

constexpr std::uint32_t kBps = 10'000;

/// The least price of which `bps` come to `least`.
std::string price_for(const Amount& least, std::uint32_t bps) {
    if (bps == 0) return to_decimal(least);
    return to_decimal(U256{(least.units * kBps + bps - 1) / bps});
}

std::string percent(std::uint32_t bps) {
    std::string text = std::to_string(bps / 100);
    if (bps % 100 != 0) text += '.' + std::to_string(bps % 100 + 100).substr(1);
    return text + " %";
}

}  // namespace

std::string explain_refusal(const chain::Revert& revert, const catalogue::Royalty& royalty,
                            const eth::Address& provider) {
    if (revert.name == "BelowMinimum") {
        return "the price is below what its makers ask for: they get " + percent(royalty.call_bps) +
               ", at least " + to_decimal(royalty.per_call) + " of a call and " +
               to_decimal(royalty.per_million) + " of 1,000,000 tokens in " +
               eth::to_checksum(royalty.token) + ". Set per_call to " +
               price_for(royalty.per_call, royalty.call_bps) +
               " or more, and per_million_input and per_million_output to " +
               price_for(royalty.per_million, royalty.call_bps) + " or more";
    }
    if (revert.name == "ServingNotAllowed") {
        return "its makers say who may serve it, and " + eth::to_checksum(provider) +
               " is not among them: ask its owner to list that address, or buy a licence with the "
               "right to serve where they sell one";
    }
    if (revert.name == "VersionNotServable") {
        return "its makers have withdrawn this version: serve another one";
    }
    return revert.message;
}

}  // namespace stoa::gateway
