#include "stoa/catalogue/bit_kernels.hpp"

#include <array>
#include <bit>

// GCC makes vector loops of these at -O3 only, whatever the rest is built with.
#if defined(__GNUC__) && !defined(__clang__)
#define STOA_LOOP __attribute__((always_inline, optimize("O3"))) inline
#define STOA_FOR(isa) __attribute__((target(isa), optimize("O3")))
#else
#define STOA_LOOP inline
#define STOA_FOR(isa)
#endif

namespace stoa::catalogue {
namespace {

template <std::size_t kWords>
STOA_LOOP void distances_of(const std::uint64_t* rows, std::size_t blocks,
                            const std::uint64_t* query, std::uint16_t* out) {
    for (std::size_t block = 0; block < blocks; ++block) {
        std::array<std::uint64_t, kRowsInBlock> sums{};
        for (std::size_t word = 0; word < kWords; ++word) {
            for (std::size_t row = 0; row < kRowsInBlock; ++row) {
                sums[row] += static_cast<std::uint64_t>(
                    __builtin_popcountll(rows[word * kRowsInBlock + row] ^ query[word]));
            }
        }
        for (std::size_t row = 0; row < kRowsInBlock; ++row) {
            out[row] = static_cast<std::uint16_t>(sums[row]);
        }
        rows += kWords * kRowsInBlock;
        out += kRowsInBlock;
    }
}

STOA_LOOP void any_distances(const std::uint64_t* rows, std::size_t blocks, std::size_t words,
                             const std::uint64_t* query, std::uint16_t* out) {
    if (words == 6) return distances_of<6>(rows, blocks, query, out);  // 384, as MiniLM has
    for (std::size_t block = 0; block < blocks; ++block) {
        std::array<std::uint64_t, kRowsInBlock> sums{};
        for (std::size_t word = 0; word < words; ++word) {
            for (std::size_t row = 0; row < kRowsInBlock; ++row) {
                sums[row] += static_cast<std::uint64_t>(
                    __builtin_popcountll(rows[word * kRowsInBlock + row] ^ query[word]));
            }
        }
        for (std::size_t row = 0; row < kRowsInBlock; ++row) {
            out[row] = static_cast<std::uint16_t>(sums[row]);
        }
        rows += words * kRowsInBlock;
        out += kRowsInBlock;
    }
}

STOA_LOOP std::size_t any_count_both(const std::uint64_t* a, const std::uint64_t* b,
                                     std::size_t words) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < words; ++i) {
        sum += static_cast<std::uint64_t>(__builtin_popcountll(a[i] & b[i]));
    }
    return sum;
}

#define STOA_KERNELS(suffix, attributes)                                                       \
    attributes void distances_##suffix(const std::uint64_t* rows, std::size_t blocks,          \
                                       std::size_t words, const std::uint64_t* query,          \
                                       std::uint16_t* out) {                                   \
        any_distances(rows, blocks, words, query, out);                                        \
    }                                                                                          \
    attributes std::size_t count_both_##suffix(const std::uint64_t* a, const std::uint64_t* b, \
                                               std::size_t words) {                            \
        return any_count_both(a, b, words);                                                    \
    }

STOA_KERNELS(portable, )
constexpr BitKernels kPortable{"portable", distances_portable, count_both_portable};

#if defined(__x86_64__)
STOA_KERNELS(popcnt, STOA_FOR("popcnt"))
STOA_KERNELS(avx512, STOA_FOR("avx512f,avx512vl,avx512bw,avx512vpopcntdq,prefer-vector-width=512"))
constexpr BitKernels kPopcnt{"popcnt", distances_popcnt, count_both_popcnt};
constexpr BitKernels kAvx512{"avx512vpopcntdq", distances_avx512, count_both_avx512};
#endif

}  // namespace

std::size_t usable_kernels(const BitKernels** out, std::size_t limit) {
    std::size_t count = 0;
    const auto add = [&](const BitKernels& kernels) {
        if (count < limit) out[count++] = &kernels;
    };
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw")) {
        add(kAvx512);
    }
    if (__builtin_cpu_supports("popcnt")) add(kPopcnt);
#endif
    add(kPortable);
    return count;
}

const BitKernels& bit_kernels() {
    static const BitKernels& best = []() -> const BitKernels& {
        const BitKernels* kernels = nullptr;
        usable_kernels(&kernels, 1);
        return *kernels;
    }();
    return best;
}

}  // namespace stoa::catalogue
