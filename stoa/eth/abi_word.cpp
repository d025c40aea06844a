#include "stoa/eth/abi_word.hpp"

#include <algorithm>

namespace stoa::eth::abi {
namespace {

bool all_are(Bytes bytes, std::uint8_t value) {
    return std::ranges::all_of(bytes, [=](std::uint8_t byte) { return byte == value; });
}

}  // namespace

bool fits(const Type& type, const Word& slot) {
    const Bytes bytes{slot.bytes};
    switch (type.kind) {
        case Kind::unsigned_integer:
        case Kind::address: return all_are(bytes.first(32 - type.size / 8), 0);
        case Kind::integer: {
            const std::size_t padding = 32 - type.size / 8;
            const bool negative = bytes[padding] & 0x80;
            return all_are(bytes.first(padding), negative ? 0xff : 0);
        }
        case Kind::boolean: return all_are(bytes.first(31), 0) && bytes[31] <= 1;
        case Kind::fixed_bytes: return all_are(bytes.subspan(type.size), 0);
        case Kind::bytes:
        case Kind::text:
        case Kind::array:
        case Kind::tuple: return false;
    }
    return false;
}

}  // namespace stoa::eth::abi
