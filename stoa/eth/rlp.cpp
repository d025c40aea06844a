#include "stoa/eth/rlp.hpp"

#include <algorithm>

namespace stoa::eth::rlp {
namespace {

/// Big-endian without leading zeros.
ByteVector digits_of(std::uint64_t number) {
    ByteVector digits;
    for (; number; number >>= 8) digits.push_back(static_cast<std::uint8_t>(number));
    std::ranges::reverse(digits);
    return digits;
}

void append_header(ByteVector& out, std::size_t size, std::uint8_t offset) {
    if (size <= 55) {
        out.push_back(static_cast<std::uint8_t>(offset + size));
        return;
    }
    const ByteVector digits = digits_of(size);
    out.push_back(static_cast<std::uint8_t>(offset + 55 + digits.size()));
    out.insert(out.end(), digits.begin(), digits.end());
}

/// Reads items from the front of its data.
class Decoder {
  public:
    Result<Item> item(Bytes& rest, std::size_t depth) {
        if (depth > kMaxDepth) return fail(EncodingError::too_deep);
        if (++items_ > kMaxItems) return fail(EncodingError::too_large);
        if (rest.empty()) return fail(EncodingError::bad_rlp);
        const std::uint8_t first = rest[0];
        if (first < 0x80) return string(rest, 1);
        if (first < 0xc0) {
            STOA_TRY(const std::size_t size, take_size(rest, first - 0x80u));
            // A byte below 0x80 stands for itself.
            if (size == 1 && first == 0x81 && !rest.empty() && rest[0] < 0x80) {
                return fail(EncodingError::bad_rlp);
            }
            return string(rest, size);
        }
        STOA_TRY(const std::size_t size, take_size(rest, first - 0xc0u));
        if (size > rest.size()) return fail(EncodingError::bad_rlp);
        return list(rest, size, depth);
    }

  private:
    static Result<Item> string(Bytes& rest, std::size_t size) {
        if (size > rest.size()) return fail(EncodingError::bad_rlp);
        Item item{false, rest.first(size), {}};
        rest = rest.subspan(size);
        return item;
    }

    Result<Item> list(Bytes& rest, std::size_t size, std::size_t depth) {
        Item list{true, {}, {}};
        Bytes payload = rest.first(size);
        rest = rest.subspan(size);
        while (!payload.empty()) {
            STOA_TRY(Item next, item(payload, depth + 1));
            list.items.push_back(std::move(next));
        }
        return list;
    }

    /// Takes the header whose first byte says `short_size`, or how many bytes of size follow.
    static Result<std::size_t> take_size(Bytes& rest, std::size_t short_size) {
        rest = rest.subspan(1);
        if (short_size <= 55) return short_size;
        const std::size_t digits = short_size - 55;
        if (digits > rest.size() || rest[0] == 0) return fail(EncodingError::bad_rlp);
        std::size_t size = 0;
        for (std::size_t i = 0; i < digits; ++i) size = size << 8 | rest[i];
        rest = rest.subspan(digits);
        if (size <= 55) return fail(EncodingError::bad_rlp);
        return size;
    }

    std::size_t items_ = 0;
};

}  // namespace

void append_bytes(ByteVector& out, Bytes bytes) {
    if (bytes.size() != 1 || bytes[0] >= 0x80) append_header(out, bytes.size(), 0x80);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_number(ByteVector& out, const U256& number) {
    const auto digits = to_big_endian(number);
    const auto first = std::ranges::find_if(digits, [](std::uint8_t digit) { return digit != 0; });
    append_bytes(out, {first, digits.end()});
}

void append_list(ByteVector& out, Bytes payload) {
    append_header(out, payload.size(), 0xc0);
    out.insert(out.end(), payload.begin(), payload.end());
}

Result<Item> decode(Bytes data) {
    STOA_TRY(Item item, Decoder{}.item(data, 0));
    if (!data.empty()) return fail(EncodingError::bad_rlp);
    return item;
}

Result<U256> number_of(const Item& item) {
    const bool canonical =
        !item.is_list && item.bytes.size() <= 32 && (item.bytes.empty() || item.bytes[0] != 0);
    if (!canonical) return fail(EncodingError::bad_rlp);
    return from_big_endian(item.bytes);
}

}  // namespace stoa::eth::rlp
