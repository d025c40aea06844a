#include "stoa/base/hex.hpp"

#include <ostream>

namespace stoa {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> kNibbles = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < 10; ++i) table['0' + i] = static_cast<std::int8_t>(i);
    for (std::size_t i = 0; i < 6; ++i) {
        table['a' + i] = table['A' + i] = static_cast<std::int8_t>(10 + i);
    }
    return table;
}();

bool decode(std::string_view digits, std::uint8_t* out) {
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        const int high = kNibbles[static_cast<std::uint8_t>(digits[i])];
        const int low = kNibbles[static_cast<std::uint8_t>(digits[i + 1])];
        if ((high | low) < 0) return false;
        *out++ = static_cast<std::uint8_t>(high << 4 | low);
    }
    return true;
}

}  // namespace

std::string to_hex_digits(Bytes bytes) {
    std::string out;
    out.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::string to_hex(Bytes bytes) {
    std::string out(2 + 2 * bytes.size(), '0');
    out[1] = 'x';
    char* next = out.data() + 2;
    for (const std::uint8_t byte : bytes) {
        *next++ = kDigits[byte >> 4];
        *next++ = kDigits[byte & 15];
    }
    return out;
}

Result<ByteVector> parse_hex(std::string_view text, std::size_t max_bytes) {
    if (!text.starts_with("0x") || text.size() % 2 != 0) return fail(FormatError::bad_hex);
    text.remove_prefix(2);
    if (text.size() / 2 > max_bytes) return fail(FormatError::bad_length);
    ByteVector out(text.size() / 2);
    if (!decode(text, out.data())) return fail(FormatError::bad_hex);
    return out;
}

Result<void> parse_hex_digits_into(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 2 != 0) return fail(FormatError::bad_hex);
    if (text.size() != 2 * out.size()) return fail(FormatError::bad_length);
    if (!decode(text, out.data())) return fail(FormatError::bad_hex);
    return {};
}

Result<void> parse_hex_into(std::string_view text, std::span<std::uint8_t> out) {
    if (!text.starts_with("0x")) return fail(FormatError::bad_hex);
    return parse_hex_digits_into(text.substr(2), out);
}

Result<Hash256> parse_hash(std::string_view text) {
    Hash256 hash;
    return parse_hex_into(text, hash.bytes).map([&] { return hash; });
}

std::ostream& operator<<(std::ostream& out, const Hash256& hash) {
    return out << to_hex(hash);
}

}  // namespace stoa
