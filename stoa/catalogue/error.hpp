#pragma once

#include "stoa/base/error.hpp"

namespace stoa::catalogue {

enum class CatalogueError {
    digest_mismatch = 1,  ///< The bytes have another keccak256.
    manifest_not_listed,  ///< No version that the node has seen names it.
    terms_not_listed,     ///< No offer that the node has seen names it.
    bad_text,             ///< Not UTF-8, or too long.
};

ErrorText text_of(CatalogueError);
std::error_code make_error_code(CatalogueError);

}  // namespace stoa::catalogue

template <>
struct std::is_error_code_enum<stoa::catalogue::CatalogueError> : std::true_type {};
