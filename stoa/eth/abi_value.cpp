#include "stoa/eth/abi_value.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"

namespace stoa::eth::abi {

Value Value::fixed_bytes(Bytes bytes) {
    STOA_ASSERT(bytes.size() <= 32);
    Word slot;
    std::ranges::copy(bytes, slot.bytes.begin());
    return slot;
}

const Word& Value::as_word() const {
    STOA_ASSERT(is_word());
    return std::get<Word>(data_);
}

std::uint64_t Value::as_u64() const {
    const Word& slot = as_word();
    STOA_ASSERT(std::all_of(slot.bytes.begin(), slot.bytes.begin() + 24,
                            [](std::uint8_t byte) { return byte == 0; }));
    std::uint64_t number = 0;
    for (std::size_t i = 24; i < 32; ++i) number = number << 8 | slot.bytes[i];
    return number;
}

Address Value::as_address() const {
    Address address;
    std::copy_n(as_word().bytes.begin() + 12, 20, address.bytes.begin());
    return address;
}

const ByteVector& Value::as_bytes() const {
    STOA_ASSERT(is_bytes());
    return std::get<ByteVector>(data_);
}

std::string Value::as_text() const {
    return std::string{stoa::as_text(as_bytes())};
}

const std::vector<Value>& Value::items() const {
    STOA_ASSERT(is_items());
    return std::get<std::vector<Value>>(data_);
}

}  // namespace stoa::eth::abi
