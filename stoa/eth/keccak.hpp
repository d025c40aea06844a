#pragma once

#include "stoa/base/types.hpp"

namespace stoa::eth {

/// Keccak-256 as Ethereum uses it: the padding is the original one, not that of SHA3-256.
Hash256 keccak256(Bytes data);

inline Hash256 keccak256(std::string_view text) {
    return keccak256(as_bytes(text));
}

}  // namespace stoa::eth
