// What each fuzzer is made of: one function that takes bytes, and the properties they must not
// break.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stoa/base/types.hpp"

namespace stoa::fuzz {

inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A broken property is a crash, which libFuzzer keeps.
inline void demand(bool holds) {
    if (!holds) std::abort();
}

/// Each fuzzer defines this. It returns for any input, in little time and memory.
void run(Bytes input);

}  // namespace stoa::fuzz
