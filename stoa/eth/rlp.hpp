#pragma once

#include "stoa/base/amount.hpp"
#include "stoa/eth/error.hpp"

/// Recursive length prefix, the encoding of transactions and blocks (yellow paper, appendix B).
namespace stoa::eth::rlp {

void append_bytes(ByteVector& out, Bytes);
/// Without leading zeros; 0 is the empty string.
void append_number(ByteVector& out, const U256&);
/// `payload` is what the appenders made of the list's items.
void append_list(ByteVector& out, Bytes payload);

struct Item {
    bool is_list = false;
    Bytes bytes;  ///< Of a string; a view into what was decoded.
    std::vector<Item> items;
};

inline constexpr std::size_t kMaxDepth = 16;
inline constexpr std::size_t kMaxItems = 100'000;

/// Exactly one item in its shortest form, nothing behind it: bad_rlp, too_deep, too_large.
/// The views are into `data`.
Result<Item> decode(Bytes data);

/// A string of at most 32 bytes without leading zeros, as a number: bad_rlp.
Result<U256> number_of(const Item&);

}  // namespace stoa::eth::rlp
