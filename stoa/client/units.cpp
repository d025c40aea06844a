#include "stoa/client/units.hpp"

#include <algorithm>

namespace stoa::client {

Result<Amount> parse_units(std::string_view text, unsigned decimals) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string places;
    if (point != text.npos) {
        places = text.substr(point + 1);
        if (places.empty()) return fail(FormatError::bad_decimal);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (places.size() > decimals || !std::ranges::all_of(places, is_digit)) {
        return fail(FormatError::bad_decimal);
    }
    if (!parse_decimal(whole)) return fail(parse_decimal(whole).error());
    std::string digits = std::string{whole} + places + std::string(decimals - places.size(), '0');
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return parse_amount(digits, 128);
}

std::string format_units(const Amount& amount, unsigned decimals) {
    std::string digits = to_decimal(amount);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    std::string text = digits.substr(0, digits.size() - decimals);
    std::string places = digits.substr(digits.size() - decimals);
    const std::size_t least = std::min<std::size_t>(2, decimals);
    while (places.size() > least && places.back() == '0') places.pop_back();
    return places.empty() ? text : text + '.' + places;
}

}  // namespace stoa::client
