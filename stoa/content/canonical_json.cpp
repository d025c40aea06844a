#include "stoa/content/canonical_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boost/json.hpp>

namespace stoa::content {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::string_view kMaxSafeInteger = "9007199254740991";
constexpr int kMaxIntegerDigits = 18;

/// The code units of well-formed UTF-8, which Boost.JSON has checked.
std::u16string utf16(std::string_view text) {
    std::u16string units;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        char32_t point = more == 0 ? lead : lead & (0x3fu >> more);
        const std::size_t end = std::min(i + static_cast<std::size_t>(more) + 1, text.size());
        while (++i < end) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
        if (point < 0x10000) {
            units += static_cast<char16_t>(point);
        } else {
            units += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10));
            units += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
        }
    }
    return units;
}

void write_text(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\b': out += "\\b"; break;
            case '\f': out += "\\f"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += "\\u00";
                    out += digits[static_cast<unsigned char>(c) >> 4];
                    out += digits[static_cast<unsigned char>(c) & 15];
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

/// Number::toString of ECMAScript (ECMA-262, 6.1.6.1.20). False for what is not a whole number of
/// at most 15 digits over a power of ten up to 10^22, or is above 10^18. Below that, one exact
/// division reads the text, and any parser does it; Boost.JSON may be off by a bit beyond.
bool write_double(std::string& out, double number) {
    if (number == 0) {
        out += '0';
        return true;
    }
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number),
                                   std::chars_format::scientific);
    const std::string_view text(buffer, static_cast<std::size_t>(end.ptr - buffer));
    const std::size_t e = text.find('e');
    std::string digits(text.substr(0, e));
    std::erase(digits, '.');
    const bool plus = text[e + 1] == '+';
    int exponent = 0;
    std::from_chars(text.data() + e + (plus ? 2 : 1), text.data() + text.size(), exponent);
    const int count = static_cast<int>(digits.size());
    const int point = exponent + 1;
    if (count > 15 || count - point > 22 || point > kMaxIntegerDigits) return false;
    if (number < 0) out += '-';
    if (count <= point) {
        out += digits + std::string(static_cast<std::size_t>(point - count), '0');
    } else if (0 < point) {
        out += digits.insert(static_cast<std::size_t>(point), ".");
    } else if (-6 < point) {
        out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    } else {
        if (count > 1) digits.insert(1, ".");
        out += digits + "e-" + std::to_string(1 - point);
    }
    return true;
}

/// False for a whole number that a double may not hold.
bool write_integer(std::string& out, std::string_view text) {
    const auto digits = text.substr(text.front() == '-' ? 1 : 0);
    const bool safe = digits.size() < kMaxSafeInteger.size() ||
                      (digits.size() == kMaxSafeInteger.size() && digits <= kMaxSafeInteger);
    const bool round = digits.size() <= kMaxIntegerDigits && digits.find_last_not_of('0') < 15;
    if (!safe && !round) return false;
    out += text;
    return true;
}

bool write(std::string& out, const json::value& value);

bool write_object(std::string& out, const json::object& object) {
    std::vector<std::pair<std::u16string, const json::key_value_pair*>> members;
    members.reserve(object.size());
    for (const auto& member : object) members.emplace_back(utf16(member.key()), &member);
    std::ranges::sort(
        members, {}, [](const auto& member) -> auto& { return member.first; });
    out += '{';
    for (bool first = true; const auto& [name, member] : members) {
        if (!std::exchange(first, false)) out += ',';
        write_text(out, member->key());
        out += ':';
        if (!write(out, member->value())) return false;
    }
    out += '}';
    return true;
}

bool write(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null: out += "null"; return true;
        case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return true;
        case json::kind::int64: return write_integer(out, std::to_string(value.get_int64()));
        case json::kind::uint64: return write_integer(out, std::to_string(value.get_uint64()));
        case json::kind::double_:
            return std::isfinite(value.get_double()) && write_double(out, value.get_double());
        case json::kind::string: write_text(out, value.get_string()); return true;
        case json::kind::array: {
            out += '[';
            for (bool first = true; const auto& item : value.get_array()) {
                if (!std::exchange(first, false)) out += ',';
                if (!write(out, item)) return false;
            }
            out += ']';
            return true;
        }
        case json::kind::object: return write_object(out, value.get_object());
    }
    return false;
}

}  // namespace

Result<std::string> canonical_json(const json::value& value) {
    std::string out;
    if (!write(out, value)) return fail(ContentError::bad_json);
    return out;
}

Result<json::value> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::system::error_code error;
    json::value value = json::parse(text, error, {}, options);
    if (error) return fail(ContentError::bad_json);
    return value;
}

}  // namespace stoa::content
