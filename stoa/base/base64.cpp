#include "stoa/base/base64.hpp"

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
    std::size_t filled = 0;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const std::size_t left = text.size() - i;
        const int a = value_of(text[i]);
        const int b = value_of(text[i + 1]);
        const int c = left > 2 ? value_of(text[i + 2]) : 0;
        const int d = left > 3 ? value_of(text[i + 3]) : 0;
        if ((a | b | c | d) < 0) return fail(FormatError::bad_base64);
        const auto group = static_cast<std::uint32_t>(a << 18 | b << 12 | c << 6 | d);
        out[filled++] = static_cast<std::uint8_t>(group >> 16);
        if (left > 2) out[filled++] = static_cast<std::uint8_t>(group >> 8);
        if (left > 3) out[filled++] = static_cast<std::uint8_t>(group);
        const bool stray_bits = (left == 2 && (group & 0xffff)) || (left == 3 && (group & 0xff));
        if (stray_bits) return fail(FormatError::bad_base64);
    }
    return out;
}

}  // namespace stoa
