#include "stoa/market/terms.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stoa/eth/keccak.hpp"

namespace stoa::market {
namespace {

constexpr std::array<std::pair<std::string_view, Right>, 9> kRights{{
    {"download", Right::download},
    {"run", Right::run},
    {"derive", Right::derive},
    {"serve", Right::serve},
    {"commercial", Right::commercial},
    {"learn", Right::learn},
    {"attribution", Right::attribution},
    {"reciprocal", Right::reciprocal},
    {"approval", Right::approval},
}};

}  // namespace

Hash256 terms_digest(std::string_view text) {
    return eth::keccak256(text);
}

std::vector<std::string_view> names_of_rights(std::uint32_t bits) {
    std::vector<std::string_view> names;
    for (const auto& [name, right] : kRights) {
        if (bits & static_cast<std::uint32_t>(right)) names.push_back(name);
    }
    return names;
}

Result<std::uint32_t> parse_rights(std::string_view text) {
    std::uint32_t bits = 0;
    while (true) {
        const std::size_t comma = text.find(',');
        const std::string_view name = text.substr(0, comma);
        const auto* found = std::ranges::find(kRights, name, [](const auto& r) { return r.first; });
        if (found == kRights.end()) return fail(MarketError::unknown_right);
        bits |= static_cast<std::uint32_t>(found->second);
        if (comma == text.npos) return bits;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace stoa::market
