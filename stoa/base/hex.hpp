#pragma once

#include <string>

#include "stoa/base/format_error.hpp"
#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"

namespace stoa {

/// `0x` and two lower-case digits a byte.
std::string to_hex(Bytes);
inline std::string to_hex(const Hash256& hash) {
    return to_hex(hash.bytes);
}

/// The digits alone, as in sha256 sums.
std::string to_hex_digits(Bytes);

/// Bytes of `0x…` text in either case: bad_hex, or bad_length above `max_bytes`.
Result<ByteVector> parse_hex(std::string_view, std::size_t max_bytes);

/// The same for exactly `out.size()` bytes.
Result<void> parse_hex_into(std::string_view, std::span<std::uint8_t> out);

/// The same without `0x`.
Result<void> parse_hex_digits_into(std::string_view, std::span<std::uint8_t> out);

template <std::size_t N>
Result<std::array<std::uint8_t, N>> parse_hex_array(std::string_view text) {
    std::array<std::uint8_t, N> out;
    return parse_hex_into(text, out).map([&] { return out; });
}

/// `0x` and exactly 64 digits.
Result<Hash256> parse_hash(std::string_view);

}  // namespace stoa
