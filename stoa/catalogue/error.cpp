#include "stoa/catalogue/error.hpp"

namespace stoa::catalogue {

ErrorText text_of(CatalogueError error) {
    switch (error) {
        case CatalogueError::digest_mismatch:
            return {"digest_mismatch", "the bytes have another digest than their address says"};
        case CatalogueError::manifest_not_listed:
            return {"manifest_not_listed", "no version on chain names this manifest"};
        case CatalogueError::terms_not_listed:
            return {"terms_not_listed", "no offer on chain names these terms"};
        case CatalogueError::bad_text: return {"bad_text", "this is not text of at most 64 KiB"};
    }
    return {"unexpected", "unknown catalogue error"};
}

std::error_code make_error_code(CatalogueError error) {
    return error_code_of("catalogue", error);
}

}  // namespace stoa::catalogue
