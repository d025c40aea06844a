#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoa/base/time.hpp"
#include "stoa/eth/signature.hpp"

namespace stoa::eth {

/// The message of "Sign-In with Ethereum" (EIP-4361), which a wallet shows and signs with
/// `personal_sign`.
struct SignInMessage {
    std::optional<std::string> scheme;
    std::string domain;  ///< Authority of the page that asks, with its port if not the default.
    Address address;
    std::optional<std::string> statement;
    std::string uri;
    std::uint64_t chain_id = 1;
    std::string nonce;  ///< At least 8 letters and digits.
    UnixTime issued_at;
    std::optional<UnixTime> expires;
    std::optional<UnixTime> not_before;
    std::optional<std::string> request_id;
    std::vector<std::string> resources;
};

inline constexpr std::size_t kMaxSignInBytes = 8 * 1024;

/// Exactly the grammar of EIP-4361, version 1, checksummed address: bad_sign_in, too_large.
Result<SignInMessage> parse_sign_in(std::string_view);

std::string format_sign_in(const SignInMessage&);

}  // namespace stoa::eth
