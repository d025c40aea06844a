#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoa/base/result.hpp"
#include "stoa/eth/error.hpp"

namespace stoa::eth::abi {

enum class Kind {
    unsigned_integer,
    integer,
    address,
    boolean,
    fixed_bytes,
    bytes,
    text,
    array,
    tuple
};

/// A Solidity type as the ABI sees it.
struct Type {
    Kind kind = Kind::tuple;
    unsigned size = 0;                  ///< Bits of integers, bytes of fixed_bytes.
    std::optional<std::size_t> length;  ///< Of arrays with a fixed length.
    std::vector<Type> members;          ///< Of tuples; of arrays the one element type.
    std::string name;                   ///< Where it was declared with one.
    bool indexed = false;               ///< Of event parameters.
    bool dynamic = false;               ///< Encoded at an offset.
    std::size_t head_words = 1;         ///< 32-byte words that it takes in its tuple's head.
};

inline constexpr std::size_t kMaxTypeChars = 8 * 1024;
inline constexpr std::size_t kMaxTypeDepth = 16;

/// `uint256`, `(address,uint40)[3][]`, `tuple(…)`; members may carry names: bad_type, too_deep,
/// too_large.
Result<Type> parse_type(std::string_view);

/// What selectors and topics hash: no names, `uint` written out.
std::string canonical(const Type&);

}  // namespace stoa::eth::abi
