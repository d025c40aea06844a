#include "stoa/base/format_error.hpp"

namespace stoa {

ErrorText text_of(FormatError error) {
    switch (error) {
        case FormatError::bad_hex: return {"bad_hex", "not 0x and an even number of hex digits"};
        case FormatError::bad_length: return {"bad_length", "the wrong number of bytes"};
        case FormatError::bad_base64: return {"bad_base64", "not canonical base64"};
        case FormatError::bad_decimal:
            return {"bad_decimal", "not a decimal number without sign, spaces or leading zeros"};
        case FormatError::out_of_range: return {"out_of_range", "the number is too large"};
        case FormatError::bad_time: return {"bad_time", "not a time such as 2026-01-31T12:00:00Z"};
        case FormatError::bad_utf8: return {"bad_utf8", "not UTF-8"};
    }
    return {"unexpected", "unknown format error"};
}

std::error_code make_error_code(FormatError error) {
    return error_code_of("format", error);
}

}  // namespace stoa
