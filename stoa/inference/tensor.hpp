#pragma once

#include <cstdint>
#include <optional>

#include "stoa/inference/engine.hpp"

namespace stoa::inference {

/// The bytes that a tensor of this type and shape has, if every size is known and the sum is
/// within kMaxTensorBytes.
std::optional<std::size_t> tensor_bytes(ElementType, const std::vector<std::int64_t>& shape);

/// Whether `given` are the inputs that are described: the same names and types, sizes that agree
/// where one is prescribed, and as much data as that takes.
bool fits(const Tensors& described, const Tensors& given);

}  // namespace stoa::inference
