#pragma once

#include "stoa/content/manifest.hpp"

namespace stoa::content {

/// What a GGUF file (version 2 or 3) says of itself: architecture, context, quantisation,
/// parameters (counted), languages, and `tools` where its chat template speaks of them. Nothing for
/// bytes that are none; `file` may be any bytes, and only its header is read. Format:
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
std::optional<ModelAbilities> read_gguf(Bytes file);

/// `1.1B`, `22.7M`: with one digit behind the point where it isn't 0.
std::string parameter_count(std::uint64_t);

}  // namespace stoa::content
