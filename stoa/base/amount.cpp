#include "stoa/base/amount.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "stoa/base/assert.hpp"

namespace stoa {
namespace {

constexpr std::size_t kMaxDigits = 78;  // of 2^256 - 1

}  // namespace

Result<U256> parse_decimal(std::string_view text, unsigned bits) {
    STOA_ASSERT(bits >= 1 && bits <= 256);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return fail(FormatError::bad_decimal);
    if (text.size() > 1 && text.front() == '0') return fail(FormatError::bad_decimal);
    if (text.size() > kMaxDigits) return fail(FormatError::out_of_range);

    // Eighteen digits fit 64 bits, which are what most amounts need.
    constexpr std::size_t kDigitsOfWord = 18;
    if (text.size() <= kDigitsOfWord) {
        std::uint64_t small = 0;
        std::from_chars(text.data(), text.data() + text.size(), small);
        if (bits < 64 && small >> bits != 0) return fail(FormatError::out_of_range);
        return U256{small};
    }
    // 78 digits fit 260 bits: only the last step can leave the range.
    boost::multiprecision::checked_uint512_t sum = 0;
    while (!text.empty()) {
        const std::string_view chunk = text.substr(0, kDigitsOfWord);
        text.remove_prefix(chunk.size());
        std::uint64_t part = 0;
        std::uint64_t scale = 1;
        for (const char c : chunk) {
            part = part * 10 + static_cast<std::uint64_t>(c - '0');
            scale *= 10;
        }
        sum = sum * scale + part;
    }
    if (sum != 0 && msb(sum) >= bits) return fail(FormatError::out_of_range);
    return static_cast<U256>(sum);
}

std::string to_decimal(const U256& number) {
    if (number <= std::numeric_limits<std::uint64_t>::max()) {
        return std::to_string(static_cast<std::uint64_t>(number));
    }
    return number.str();
}

std::array<std::uint8_t, 32> to_big_endian(const U256& number) {
    std::array<std::uint8_t, 32> out{};
    const auto& backend = number.backend();
    for (std::size_t limb = 0; limb < backend.size(); ++limb) {
        auto rest = backend.limbs()[limb];
        constexpr std::size_t kLimbBytes = sizeof rest;
        for (std::size_t i = 0; i < kLimbBytes && limb * kLimbBytes + i < out.size(); ++i) {
            out[31 - limb * kLimbBytes - i] = static_cast<std::uint8_t>(rest);
            rest >>= 8;
        }
    }
    return out;
}

U256 from_big_endian(Bytes bytes) {
    STOA_ASSERT(bytes.size() <= 32);
    std::array<std::uint64_t, 4> words{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        words[i / 8] |= std::uint64_t{bytes[bytes.size() - 1 - i]} << (8 * (i % 8));
    }
    U256 number{words[3]};
    for (std::size_t i = 3; i-- > 0;) {
        if (number != 0) number <<= 64;
        number |= words[i];
    }
    return number;
}

Result<Amount> parse_amount(std::string_view text, unsigned bits) {
    return parse_decimal(text, bits).map([](const U256& units) { return Amount{units}; });
}

}  // namespace stoa
