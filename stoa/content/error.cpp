#include "stoa/content/error.hpp"

namespace stoa::content {

ErrorText text_of(ContentError error) {
    switch (error) {
        case ContentError::bad_cid: return {"bad_cid", "this is not a CIDv1 over SHA2-256"};
        case ContentError::bad_json: return {"bad_json", "this is not JSON"};
        case ContentError::not_canonical:
            return {"not_canonical", "the JSON is not in canonical form (RFC 8785)"};
        case ContentError::bad_manifest:
            return {"bad_manifest", "the manifest lacks fields that every listing has"};
        case ContentError::too_large: return {"too_large", "this is larger than the format allows"};
    }
    return {"unexpected", "unknown content error"};
}

std::error_code make_error_code(ContentError error) {
    return error_code_of("content", error);
}

}  // namespace stoa::content
