#pragma once

#include "stoa/base/error.hpp"

namespace stoa {

/// Why a piece of text is not what it claims to be.
enum class FormatError {
    bad_hex = 1,   ///< Not `0x` and an even number of hex digits.
    bad_length,    ///< The right digits, but too few or too many bytes.
    bad_base64,    ///< Not canonical: alphabet, padding, or bits set behind the last byte.
    bad_decimal,   ///< Not `0` or digits without a leading zero.
    out_of_range,  ///< A number larger than its type.
    bad_time,      ///< Not a date and time of RFC 3339.
    bad_utf8,      ///< Text that is not well-formed UTF-8.
};

ErrorText text_of(FormatError);
std::error_code make_error_code(FormatError);

}  // namespace stoa

template <>
struct std::is_error_code_enum<stoa::FormatError> : std::true_type {};
