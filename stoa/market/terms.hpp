#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"
#include "stoa/market/error.hpp"

namespace stoa::market {

/// `termsDigest` of an offer: Keccak-256 of the legal text's bytes as they are stored.
Hash256 terms_digest(std::string_view text);

/// Bits of the contract's library `Rights`.
enum class Right : std::uint32_t {
    download = 1,
    run = 2,
    derive = 4,
    serve = 8,
    commercial = 16,
    learn = 32,         ///< From its answers, by other models.
    attribution = 256,  ///< From here on what the licence asks for.
    reciprocal = 512,   ///< Derivatives under the same terms.
    approval = 1024,    ///< Each derivative approved by the model's owner first.
};

/// In the order of their bits; bits without a name are left out.
std::vector<std::string_view> names_of_rights(std::uint32_t bits);

/// `download,run`: unknown_right.
Result<std::uint32_t> parse_rights(std::string_view);

}  // namespace stoa::market
