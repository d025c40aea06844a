#pragma once

#include <string>

#include <boost/json/fwd.hpp>

#include "stoa/base/result.hpp"
#include "stoa/content/error.hpp"

namespace stoa::content {

/// JSON Canonicalization Scheme (RFC 8785): members sorted by the UTF-16 code units of their names,
/// numbers as ECMAScript writes doubles, no white space. bad_json for a number that no double
/// holds or that has more than 15 significant digits: write it as text.
Result<std::string> canonical_json(const boost::json::value&);

/// Parses untrusted text with a limit on its depth: bad_json.
Result<boost::json::value> parse_json(std::string_view);

}  // namespace stoa::content
