#pragma once

#include <memory>

#include "stoa/engines/backend.hpp"

namespace stoa::engines {

/// What a worker is told about how to run its model.
struct BackendOptions {
    unsigned threads = 1;
    unsigned parallel = 4;    ///< Answers that are computed side by side, in one batch.
    unsigned context = 4096;  ///< Tokens of each, at most what the model was trained for.
};

/// Loads llama.cpp's code for this processor. Once, before the sandbox closes the file system.
void prepare_llama();

/// Loads a GGUF from an open file. Throws `std::runtime_error`; on a hostile file it may also
/// abort, or worse: call it in the sandbox only.
std::unique_ptr<Backend> load_llama(int file, const BackendOptions&);

}  // namespace stoa::engines
