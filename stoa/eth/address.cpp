#include "stoa/eth/address.hpp"

#include <algorithm>
#include <ostream>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/eth/rlp.hpp"

namespace stoa::eth {
namespace {

Address tail_of(const Hash256& hash) {
    Address address;
    std::copy_n(hash.bytes.begin() + 12, address.bytes.size(), address.bytes.begin());
    return address;
}

bool is_upper(char c) {
    return c >= 'A' && c <= 'F';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'f';
}

}  // namespace

std::string to_lower_hex(const Address& address) {
    return stoa::to_hex(address.bytes);
}

std::string to_checksum(const Address& address) {
    std::string text = to_lower_hex(address);
    const Hash256 hash = keccak256(std::string_view{text}.substr(2));
    for (std::size_t i = 0; i < 40; ++i) {
        const int nibble = i % 2 == 0 ? hash.bytes[i / 2] >> 4 : hash.bytes[i / 2] & 15;
        if (nibble >= 8 && is_lower(text[2 + i])) {
            text[2 + i] = static_cast<char>(text[2 + i] - 'a' + 'A');
        }
    }
    return text;
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
    return out << to_checksum(address);
}

Result<Address> parse_address_any_case(std::string_view text) {
    Address address;
    if (!parse_hex_into(text, address.bytes)) return fail(EncodingError::bad_address);
    return address;
}

Result<Address> parse_address(std::string_view text) {
    auto address = parse_address_any_case(text);
    if (!address) return address;
    const std::string_view digits = text.substr(2);
    const bool mixed =
        std::ranges::any_of(digits, is_upper) && std::ranges::any_of(digits, is_lower);
    if (mixed && to_checksum(*address) != text) return fail(EncodingError::bad_checksum);
    return address;
}

Address create_address(const Address& sender, std::uint64_t nonce) {
    ByteVector payload;
    rlp::append_bytes(payload, sender.bytes);
    rlp::append_number(payload, nonce);
    ByteVector list;
    rlp::append_list(list, payload);
    return tail_of(keccak256(list));
}

Address create2_address(const Address& deployer, const Hash256& salt,
                        const Hash256& init_code_hash) {
    std::array<std::uint8_t, 85> data{0xff};
    std::ranges::copy(deployer.bytes, data.begin() + 1);
    std::ranges::copy(salt.bytes, data.begin() + 21);
    std::ranges::copy(init_code_hash.bytes, data.begin() + 53);
    return tail_of(keccak256(data));
}

}  // namespace stoa::eth
