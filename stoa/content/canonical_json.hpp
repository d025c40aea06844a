#pragma once

#include <string>

#include <boost/json/fwd.hpp>

#include "stoa/base/result.hpp"
#include "stoa/content/error.hpp"

namespace stoa::content {

/// JSON Canonicalization Scheme (RFC 8785): members sorted by the UTF-16 code units of their names,
/// numbers as ECMAScript writes doubles, no white space. bad_json for a number that programs may
/// read differently, to be written as text: more than 15 significant digits (whole numbers up to
/// 2^53 have 16), 10^18 and above, more than 22 digits behind the point.
Result<std::string> canonical_json(const boost::json::value&);

/// Parses untrusted text with a limit on its depth: bad_json.
Result<boost::json::value> parse_json(std::string_view);

}  // namespace stoa::content
