#pragma once

#include "stoa/base/error.hpp"

namespace stoa::market {

enum class MarketError {
    bad_split = 1,     ///< Not `account:parts` pairs with commas between them.
    no_payees,         ///< A split pays somebody.
    too_many_payees,   ///< More than `kMaxPayees`.
    payee_twice,       ///< The same account in two places.
    payees_unsorted,   ///< Not ascending by account, as the contract wants them.
    zero_share,        ///< A share too small to be one millionth.
    shares_not_whole,  ///< Shares that don't sum to a million.
    unknown_right,     ///< None of the rights that a licence can give.
    no_curve,          ///< Bounds or steepness that make no price.
};

ErrorText text_of(MarketError);
std::error_code make_error_code(MarketError);

}  // namespace stoa::market

template <>
struct std::is_error_code_enum<stoa::market::MarketError> : std::true_type {};
