#include "stoa/base/base64.hpp"

#include <algorithm>

namespace stoa {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kValues = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        table[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    }
    return table;
}();

int value_of(char c) {
    return kValues[static_cast<std::uint8_t>(c)];
}

}  // namespace

std::string to_base64(Bytes bytes) {
    std::string out((bytes.size() + 2) / 3 * 4, '=');
    char* next = out.data();
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i] << 16) |
                                    (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1] << 8) : 0) |
                                    (left > 2 ? bytes[i + 2] : 0);
        next[0] = kAlphabet[group >> 18];
        next[1] = kAlphabet[group >> 12 & 63];
        if (left > 1) next[2] = kAlphabet[group >> 6 & 63];
        if (left > 2) next[3] = kAlphabet[group & 63];
        next += 4;
    }
    return out;
}

Result<ByteVector> parse_base64(std::string_view text, std::size_t max_bytes) {
    if (text.size() % 4 != 0) return fail(FormatError::bad_base64);
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    const std::size_t size = text.size() * 3 / 4;
    if (size > max_bytes) return fail(FormatError::bad_length);

    ByteVector out(size);
    std::uint8_t* next = out.data();
    const auto put = [&](const char* in, std::size_t count) {
        const int a = value_of(in[0]);
        const int b = value_of(in[1]);
        const int c = count > 2 ? value_of(in[2]) : 0;
        const int d = count > 3 ? value_of(in[3]) : 0;
        using U = std::uint32_t;
        const U group = U(a) << 18 | U(b) << 12 | U(c) << 6 | U(d);
        *next++ = static_cast<std::uint8_t>(group >> 16);
        if (count > 2) *next++ = static_cast<std::uint8_t>(group >> 8);
        if (count > 3) *next++ = static_cast<std::uint8_t>(group);
        const bool stray_bits = (count == 2 && (group & 0xffff)) || (count == 3 && (group & 0xff));
        return (a | b | c | d) | (stray_bits ? -1 : 0);
    };
    int wrong = 0;  // Below 0 once a character was.
    const char* in = text.data();
    for (std::size_t left = text.size(); left > 0;
         in += 4, left -= std::min<std::size_t>(left, 4)) {
        wrong |= left >= 4 ? put(in, 4) : put(in, left);
    }
    if (wrong < 0) return fail(FormatError::bad_base64);
    return out;
}

}  // namespace stoa
