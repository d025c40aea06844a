// The market's rules as values and functions: what a buyer agrees to, how what is earned is
// divided, which rights a licence gives. Each has the same result as the contract of that name,
// which the vectors in test/vectors/market show.
#pragma once

#include "stoa/eth/eip712.hpp"

namespace stoa::market {

inline constexpr unsigned kMaxLicencesPerOrder = 32;

/// The contract's struct of that name.
struct Order {
    U256 offer;
    Hash256 terms_digest;  ///< Of the text that the buyer was shown.
    eth::Address holder;   ///< Gets the licences.
    std::uint64_t n = 1;
    eth::Address token;          ///< Zero is the native coin.
    Amount max_price;            ///< The most that leaves the buyer, `relay_fee` included.
    std::uint64_t deadline = 0;  ///< Unix seconds; the last at which it may be carried.
    U256 hall;                   ///< 0 is none.
    Amount relay_fee;            ///< What of `max_price` goes to whoever carries the order.
    Hash256 salt;
};

eth::Domain market_domain(std::uint64_t chain_id, const eth::Address& market);

/// What the contract's `orderDigest` returns. It is the nonce of the EIP-3009 authorisation that
/// pays the order, so that one signature commits to sum, offer, terms and holder.
Hash256 order_digest(std::uint64_t chain_id, const eth::Address& market, const Order&);

}  // namespace stoa::market
