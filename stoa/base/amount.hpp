#pragma once

#include <concepts>
#include <string>

#include <boost/multiprecision/cpp_int.hpp>

#include "stoa/base/format_error.hpp"
#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"

namespace stoa {

/// Throws `std::range_error` or `std::overflow_error` instead of wrapping around.
using U256 = boost::multiprecision::checked_uint256_t;

/// Digits without sign, spaces or leading zeros: bad_decimal; out_of_range at 2^bits and above.
Result<U256> parse_decimal(std::string_view, unsigned bits = 256);
std::string to_decimal(const U256&);

/// 32 bytes, most significant first.
std::array<std::uint8_t, 32> to_big_endian(const U256&);
/// At most 32 bytes, most significant first.
U256 from_big_endian(Bytes);

/// A quantity of one token in its smallest unit (for USDC, a millionth of a dollar).
///
/// Sums and differences that leave 0 … 2^256-1 throw; code that meets untrusted amounts compares
/// first and refuses.
struct Amount {
    U256 units;

    Amount() = default;
    explicit Amount(U256 number) : units(std::move(number)) {}
    template <std::integral Number>
    explicit Amount(Number number) : units(number) {}

    Amount& operator+=(const Amount& other) {
        units += other.units;
        return *this;
    }
    Amount& operator-=(const Amount& other) {
        units -= other.units;
        return *this;
    }
    friend Amount operator+(Amount a, const Amount& b) { return a += b; }
    friend Amount operator-(Amount a, const Amount& b) { return a -= b; }
    friend bool operator==(const Amount& a, const Amount& b) { return a.units == b.units; }
    friend bool operator<(const Amount& a, const Amount& b) { return a.units < b.units; }
    friend bool operator>(const Amount& a, const Amount& b) { return b < a; }
    friend bool operator<=(const Amount& a, const Amount& b) { return !(b < a); }
    friend bool operator>=(const Amount& a, const Amount& b) { return !(a < b); }
    friend std::ostream& operator<<(std::ostream& out, const Amount& a) {
        return out << to_decimal(a.units);
    }
};

/// The form of amounts in JSON and on the x402 wire. Refuses as `parse_decimal` does; `bits` is
/// the width that the contract stores.
Result<Amount> parse_amount(std::string_view, unsigned bits = 256);
inline std::string to_decimal(const Amount& amount) {
    return to_decimal(amount.units);
}

}  // namespace stoa
