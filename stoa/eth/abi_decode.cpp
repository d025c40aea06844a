#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/abi_word.hpp"

namespace stoa::eth::abi {
namespace {

class Decoder {
  public:
    explicit Decoder(std::size_t data_size) : copies_left_(4 * data_size) {}

    /// `count` values whose heads stand at the start of `frame`, which offsets count from.
    template <class TypeOf>
    Result<std::vector<Value>> sequence(Bytes frame, std::size_t count, TypeOf type_of) {
        std::vector<Value> values;
        std::size_t position = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Type& type = type_of(i);
            const std::size_t size = type.dynamic ? 32 : type.head_words * 32;
            if (size > frame.size() - position) return fail(EncodingError::bad_abi);
            Bytes place = frame.subspan(position);
            if (type.dynamic) {
                STOA_TRY(const std::size_t offset, size_at(place));
                if (offset > frame.size()) return fail(EncodingError::bad_abi);
                place = frame.subspan(offset);
            }
            STOA_TRY(Value item, value(place, type));
            values.push_back(std::move(item));
            position += size;
        }
        return values;
    }

  private:
    Result<Value> value(Bytes place, const Type& type) {
        if (values_left_ == 0) return fail(EncodingError::too_large);
        --values_left_;
        switch (type.kind) {
            case Kind::bytes:
            case Kind::text: return bytes(place);
            case Kind::array: return array(place, type);
            case Kind::tuple:
                return sequence(place, type.members.size(),
                                [&](std::size_t i) -> const Type& { return type.members[i]; })
                    .map([](std::vector<Value> items) { return Value{std::move(items)}; });
            case Kind::unsigned_integer:
            case Kind::integer:
            case Kind::address:
            case Kind::boolean:
            case Kind::fixed_bytes: break;
        }
        Word slot;
        std::ranges::copy(place.first(32), slot.bytes.begin());
        if (!fits(type, slot)) return fail(EncodingError::bad_abi);
        return Value{slot};
    }

    Result<Value> bytes(Bytes place) {
        STOA_TRY(const std::size_t size, size_at(place));
        const Bytes body = place.subspan(32);
        if (size > body.size()) return fail(EncodingError::bad_abi);
        if (size > copies_left_) return fail(EncodingError::too_large);
        copies_left_ -= size;
        return Value{ByteVector(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size))};
    }

    Result<Value> array(Bytes place, const Type& type) {
        std::size_t count = type.length.value_or(0);
        if (!type.length) {
            STOA_TRY(count, size_at(place));
            place = place.subspan(32);
        }
        if (count > values_left_) return fail(EncodingError::too_large);
        return sequence(place, count, [&](std::size_t) -> const Type& { return type.members[0]; })
            .map([](std::vector<Value> items) { return Value{std::move(items)}; });
    }

    /// The word at the start of `place` as an offset or length; larger than any data refuses.
    static Result<std::size_t> size_at(Bytes place) {
        if (place.size() < 32) return fail(EncodingError::bad_abi);
        std::uint64_t size = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            if (i < 26 && place[i] != 0) return fail(EncodingError::bad_abi);
            size = size << 8 | place[i];
        }
        return size;
    }

    std::size_t values_left_ = kMaxValues;
    std::size_t copies_left_;
};

}  // namespace

Result<std::vector<Value>> decode(const Type& tuple, Bytes data) {
    STOA_ASSERT(tuple.kind == Kind::tuple);
    return Decoder{data.size()}.sequence(
        data, tuple.members.size(), [&](std::size_t i) -> const Type& { return tuple.members[i]; });
}

}  // namespace stoa::eth::abi
