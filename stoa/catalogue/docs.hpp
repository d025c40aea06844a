#pragma once

#include <cstdint>
#include <optional>

#include "stoa/base/types.hpp"
#include "stoa/db/session.hpp"

namespace stoa::catalogue {

/// Takes what search and lists show of a model from the manifest of its newest version that isn't
/// withdrawn; where that isn't here, the slug has to do. Keeps the vector of unchanged text.
void refresh_doc(db::Session&, std::uint64_t model);

/// Of all models, after blocks were taken back.
void refresh_docs(db::Session&);

/// Of the models that name the manifest.
void refresh_docs_of(db::Session&, const Hash256& manifest);

}  // namespace stoa::catalogue
