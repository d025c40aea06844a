#pragma once

#include <string>

#include "stoa/base/format_error.hpp"
#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"

namespace stoa {

/// Standard alphabet with padding (RFC 4648 section 4).
std::string to_base64(Bytes);

/// Canonical text only, so that two different texts never mean the same bytes: bad_base64, or
/// bad_length above `max_bytes`.
Result<ByteVector> parse_base64(std::string_view, std::size_t max_bytes);

}  // namespace stoa
