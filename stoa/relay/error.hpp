#pragma once

#include "stoa/base/error.hpp"

namespace stoa::relay {

/// Why the relay does not carry something. Nothing was sent and nothing is owed.
enum class RelayError {
    wrong_chain = 1,  ///< Of another chain, token or contract than the node's.
    malformed,        ///< Not of the shape that the contract takes.
    expired,          ///< Or not valid yet, or too little time is left to include it.
    bad_signature,
    stale_nonce,   ///< The channel or the purse was changed since; sign anew.
    would_revert,  ///< The contract says no; its error's name is told.
    below_cost,    ///< The relay fee or the deposit is too small for the gas.
    quota,         ///< The payer's free transactions of today are used up.
    gas_budget,    ///< The node has spent its gas of today.
    not_included,  ///< Sent, and not in a block in time; the same request finds it again.
    nothing_left,  ///< An exit of a channel whose money is all charged.
    nothing_due,   ///< No payee has anything to draw.
    no_purse,      ///< Where the request says there is one.
};

ErrorText text_of(RelayError);
std::error_code make_error_code(RelayError);

}  // namespace stoa::relay

template <>
struct std::is_error_code_enum<stoa::relay::RelayError> : std::true_type {};
