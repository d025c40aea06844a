#pragma once

#include <string>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"
#include "stoa/eth/error.hpp"

namespace stoa::eth {

struct Address {
    std::array<std::uint8_t, 20> bytes{};
    friend auto operator<=>(const Address&, const Address&) = default;
};

inline constexpr Address kZeroAddress{};

/// `0x` and 40 digits whose case is the checksum of EIP-55.
std::string to_checksum(const Address&);
std::string to_lower_hex(const Address&);
std::ostream& operator<<(std::ostream&, const Address&);

/// Text of one case, or of mixed case with a right checksum: bad_address, bad_checksum.
Result<Address> parse_address(std::string_view);
/// The same, checksum ignored: for wire formats that say addresses are compared without case.
Result<Address> parse_address_any_case(std::string_view);

/// For constants in code: `0x` and 40 digits, their case ignored; anything else doesn't compile.
consteval Address address_literal(std::string_view text) {
    const auto nibble = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        throw "not a hex digit";
    };
    if (text.size() != 42 || text[0] != '0' || text[1] != 'x') throw "not 0x and 40 digits";
    Address address;
    for (std::size_t i = 0; i < 20; ++i) {
        address.bytes[i] =
            static_cast<std::uint8_t>(nibble(text[2 + 2 * i]) << 4 | nibble(text[3 + 2 * i]));
    }
    return address;
}

/// Where a contract created by `sender` in its transaction `nonce` stands.
Address create_address(const Address& sender, std::uint64_t nonce);
/// EIP-1014.
Address create2_address(const Address& deployer, const Hash256& salt,
                        const Hash256& init_code_hash);

}  // namespace stoa::eth

/// The last eight bytes: addresses with chosen leading zeros are common.
template <>
struct std::hash<stoa::eth::Address> {
    std::size_t operator()(const stoa::eth::Address& key) const noexcept {
        std::size_t part;
        std::memcpy(&part, key.bytes.data() + 12, sizeof part);
        return part;
    }
};
