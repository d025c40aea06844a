#include "stoa/inference/engine.hpp"

namespace stoa::inference {

std::size_t size_of(ElementType type) {
    using enum ElementType;
    switch (type) {
        case boolean:
        case int8:
        case uint8: return 1;
        case int16:
        case uint16:
        case fp16: return 2;
        case int32:
        case uint32:
        case fp32: return 4;
        case int64:
        case uint64:
        case fp64: return 8;
    }
    return 0;
}

}  // namespace stoa::inference
