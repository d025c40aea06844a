#pragma once

#include "stoa/base/error.hpp"

namespace stoa::content {

enum class ContentError {
    bad_cid = 1,    ///< Not a CIDv1 in base32 over SHA2-256, raw or dag-pb.
    bad_json,       ///< Not JSON, or a number or text that canonical JSON can't say.
    not_canonical,  ///< JSON, but not in the one form whose hash is the listing's.
    bad_manifest,   ///< A listing without the fields that every listing has.
    too_large,      ///< Above the format's limit.
};

ErrorText text_of(ContentError);
std::error_code make_error_code(ContentError);

}  // namespace stoa::content

template <>
struct std::is_error_code_enum<stoa::content::ContentError> : std::true_type {};
