#include "stoa/inference/tensor.hpp"

namespace stoa::inference {

std::optional<std::size_t> tensor_bytes(ElementType type, const std::vector<std::int64_t>& shape) {
    std::size_t bytes = size_of(type);
    for (const std::int64_t size : shape) {
        if (size < 0) return std::nullopt;
        if (size > 0 && bytes > kMaxTensorBytes / static_cast<std::uint64_t>(size)) {
            return std::nullopt;
        }
        bytes *= static_cast<std::size_t>(size);
    }
    return bytes;
}

bool fits(const Tensors& described, const Tensors& given) {
    if (described.size() != given.size()) return false;
    for (const auto& [name, wanted] : described) {
        const auto it = given.find(name);
        if (it == given.end()) return false;
        const Tensor& tensor = it->second;
        if (tensor.type != wanted.type || tensor.shape.size() != wanted.shape.size()) return false;
        for (std::size_t i = 0; i < wanted.shape.size(); ++i) {
            if (wanted.shape[i] >= 0 && wanted.shape[i] != tensor.shape[i]) return false;
        }
        if (tensor_bytes(tensor.type, tensor.shape) != tensor.data.size()) return false;
    }
    return true;
}

}  // namespace stoa::inference
