#pragma once

#include <llama-cpp.h>

#include <memory>

#include "stoa/engines/llama_backend.hpp"

namespace stoa::engines {

/// Takes the model if it is one that pools its tokens into an embedding; else leaves it alone.
std::unique_ptr<Backend> make_embedder(llama_model_ptr&, const BackendOptions&);

}  // namespace stoa::engines
