#pragma once

#include <memory>

#include "stoa/engines/llama_backend.hpp"

namespace stoa::engines {

/// Loads ONNX Runtime, its telemetry switched off. Once, before the sandbox closes the file system.
void prepare_onnx();

/// Loads an ONNX model from an open file; it must hold all its weights itself. Throws
/// `std::runtime_error`.
std::unique_ptr<Backend> load_onnx(int file, const BackendOptions&);

}  // namespace stoa::engines
