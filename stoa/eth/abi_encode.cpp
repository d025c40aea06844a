#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/abi_word.hpp"

namespace stoa::eth::abi {
namespace {

void append(ByteVector& out, const Value& value, const Type& type);

void append_word(ByteVector& out, const Word& slot) {
    out.insert(out.end(), slot.bytes.begin(), slot.bytes.end());
}

/// Heads in order, then the bodies of the dynamic ones; offsets count from the first head.
template <class TypeOf>
void append_sequence(ByteVector& out, const std::vector<Value>& values, TypeOf type_of) {
    std::size_t head_words = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        head_words += type_of(i).dynamic ? 1 : type_of(i).head_words;
    }
    ByteVector bodies;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!type_of(i).dynamic) {
            append(out, values[i], type_of(i));
            continue;
        }
        append_word(out, word(std::uint64_t{head_words * 32 + bodies.size()}));
        append(bodies, values[i], type_of(i));
    }
    out.insert(out.end(), bodies.begin(), bodies.end());
}

void append(ByteVector& out, const Value& value, const Type& type) {
    switch (type.kind) {
        case Kind::bytes:
        case Kind::text: {
            const ByteVector& bytes = value.as_bytes();
            append_word(out, word(std::uint64_t{bytes.size()}));
            out.insert(out.end(), bytes.begin(), bytes.end());
            out.resize(out.size() + (32 - bytes.size() % 32) % 32);
            return;
        }
        case Kind::array: {
            const auto& items = value.items();
            STOA_ASSERT(!type.length || *type.length == items.size());
            if (!type.length) append_word(out, word(std::uint64_t{items.size()}));
            append_sequence(out, items,
                            [&](std::size_t) -> const Type& { return type.members[0]; });
            return;
        }
        case Kind::tuple: {
            const auto& items = value.items();
            STOA_ASSERT(items.size() == type.members.size());
            append_sequence(out, items,
                            [&](std::size_t i) -> const Type& { return type.members[i]; });
            return;
        }
        case Kind::unsigned_integer:
        case Kind::integer:
        case Kind::address:
        case Kind::boolean:
        case Kind::fixed_bytes: break;
    }
    STOA_ASSERT(fits(type, value.as_word()));
    append_word(out, value.as_word());
}

}  // namespace

ByteVector encode(const Type& tuple, const std::vector<Value>& values) {
    STOA_ASSERT(tuple.kind == Kind::tuple && tuple.members.size() == values.size());
    ByteVector out;
    append_sequence(out, values, [&](std::size_t i) -> const Type& { return tuple.members[i]; });
    return out;
}

}  // namespace stoa::eth::abi
