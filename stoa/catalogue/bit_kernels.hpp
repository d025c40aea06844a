#pragma once

#include <cstddef>
#include <cstdint>

namespace stoa::catalogue {

/// Rows of sign bits are kept in blocks of eight: word 0 of all eight, then word 1, and so on, so
/// that one vector instruction works on eight rows.
inline constexpr std::size_t kRowsInBlock = 8;

/// Loops over bits, with the best instructions that the processor says it has when it is asked;
/// the build itself asks for none.
struct BitKernels {
    const char* name;  ///< "avx512vpopcntdq", "popcnt" or "portable".

    /// How many bits each row of `blocks` blocks differs in from `query`, a row of `words` words:
    /// eight numbers a block.
    void (*distances)(const std::uint64_t* rows, std::size_t blocks, std::size_t words,
                      const std::uint64_t* query, std::uint16_t* out);

    /// How many bits both have.
    std::size_t (*count_both)(const std::uint64_t* a, const std::uint64_t* b, std::size_t words);
};

const BitKernels& bit_kernels();

/// All that this processor can run, the best first: for tests.
std::size_t usable_kernels(const BitKernels** out, std::size_t limit);

}  // namespace stoa::catalogue
