#pragma once

#include "stoa/base/error.hpp"

namespace stoa::gateway {

/// Why the node refuses a request that is none of another module's business.
enum class GatewayError {
    unknown_route = 1,
    method_not_allowed,
    foreign_host,    ///< Host isn't one of the names that this node answers to.
    foreign_origin,  ///< A page of another origin sent something that changes state.
    body_too_large,
    malformed_json,  ///< Broken, too deep, or not the kind of value that the route takes.
    missing_field,
    unknown_field,  ///< A field that the route doesn't know, so that nobody relies on it.
    invalid_field,
    unknown_model,
    unknown_offer,
    unknown_chain,
    not_stored,  ///< A digest of which the node doesn't have the bytes.
    not_signed_in,
    nonce_unknown,  ///< Never given out, used before, or too old.
    wrong_domain,
    wrong_chain,
    expired,
    wrong_signer,
    no_faucet,
    faucet_limit,
    rate_limited,
    transaction_failed,
    chain_unavailable,  ///< No endpoint of the chain answers.
    not_ready,          ///< The node still follows the chain from the past.
    internal,
};

ErrorText text_of(GatewayError);
std::error_code make_error_code(GatewayError);

}  // namespace stoa::gateway

template <>
struct std::is_error_code_enum<stoa::gateway::GatewayError> : std::true_type {};
