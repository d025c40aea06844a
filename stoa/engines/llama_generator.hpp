#pragma once

#include <llama-cpp.h>

#include <memory>

#include "stoa/engines/llama_backend.hpp"

namespace stoa::engines {

/// Continues prompts and, where the model has a template, answers conversations. Several calls
/// share each step of the model: their next tokens and a part of a new prompt form one batch.
std::unique_ptr<Backend> make_generator(llama_model_ptr, const BackendOptions&);

}  // namespace stoa::engines
