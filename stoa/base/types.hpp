// Values that every module speaks: bytes, hashes and, in amount.hpp, 256-bit numbers and money.
// Nothing here knows a clock, a disk, a socket or a thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

namespace stoa {

using Bytes = std::span<const std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

/// The UTF-8 bytes of `text`, which must outlive them.
inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Hash256 {
    std::array<std::uint8_t, 32> bytes{};
    friend auto operator<=>(const Hash256&, const Hash256&) = default;
};

/// Prints `0x` and 64 digits.
std::ostream& operator<<(std::ostream&, const Hash256&);

}  // namespace stoa

/// The first eight bytes: callers' hashes are uniform already, and an attacker who could choose
/// colliding prefixes of Keccak would have broken it.
template <>
struct std::hash<stoa::Hash256> {
    std::size_t operator()(const stoa::Hash256& key) const noexcept {
        std::size_t prefix;
        std::memcpy(&prefix, key.bytes.data(), sizeof prefix);
        return prefix;
    }
};
