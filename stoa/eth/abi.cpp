#include "stoa/eth/abi.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/eth/abi_word.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::eth::abi {
namespace {

Type declared_tuple(std::string_view parameters) {
    auto type = parse_type(parameters);
    STOA_ASSERT(type && type->kind == Kind::tuple);
    return *std::move(type);
}

/// The name before the first parenthesis, and the parenthesis that it opens.
std::pair<std::string_view, std::string_view> split_declaration(std::string_view declaration) {
    const std::size_t open = declaration.find('(');
    STOA_ASSERT(open != declaration.npos && open > 0);
    std::size_t depth = 0;
    std::size_t end = open;
    do {
        STOA_ASSERT(end < declaration.size());
        if (declaration[end] == '(') ++depth;
        if (declaration[end] == ')') --depth;
        ++end;
    } while (depth > 0);
    return {declaration.substr(0, open), declaration.substr(open, end - open)};
}

/// An indexed parameter of dynamic type, an array or a tuple is logged as its hash.
bool is_hashed(const Type& type) {
    return type.dynamic || type.kind == Kind::array || type.kind == Kind::tuple;
}

}  // namespace

Function::Function(std::string_view declaration) {
    const auto [name, parameters] = split_declaration(declaration);
    inputs_ = declared_tuple(parameters);
    outputs_ = declared_tuple("()");
    const Hash256 hash = keccak256(std::string{name} + canonical(inputs_));
    std::copy_n(hash.bytes.begin(), selector_.size(), selector_.begin());

    const std::string_view rest = declaration.substr(name.size() + parameters.size());
    if (const std::size_t returns = rest.find("returns"); returns != rest.npos) {
        outputs_ = declared_tuple(rest.substr(rest.find('(', returns)));
    }
}

ByteVector Function::encode(const std::vector<Value>& arguments) const {
    ByteVector out(selector_.begin(), selector_.end());
    const ByteVector body = abi::encode(inputs_, arguments);
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

Result<std::vector<Value>> Function::decode_call(Bytes call_data) const {
    if (call_data.size() < 4 || !std::ranges::equal(call_data.first(4), selector_)) {
        return fail(EncodingError::bad_abi);
    }
    return abi::decode(inputs_, call_data.subspan(4));
}

Result<std::vector<Value>> Function::decode_result(Bytes result) const {
    return abi::decode(outputs_, result);
}

Event::Event(std::string_view declaration) {
    const auto [name, parameters] = split_declaration(declaration);
    parameters_ = declared_tuple(parameters);
    topic_ = keccak256(std::string{name} + canonical(parameters_));
    in_data_ = parameters_;
    std::erase_if(in_data_.members, [](const Type& type) { return type.indexed; });
}

Result<std::vector<Value>> Event::decode(std::span<const Hash256> topics, Bytes data) const {
    const auto indexed = parameters_.members.size() - in_data_.members.size();
    if (topics.size() != 1 + indexed || topics[0] != topic_) return fail(EncodingError::bad_abi);
    STOA_TRY(std::vector<Value> from_data, abi::decode(in_data_, data));

    std::vector<Value> values;
    auto next_topic = topics.begin() + 1;
    auto next_value = from_data.begin();
    for (const Type& type : parameters_.members) {
        if (!type.indexed) {
            values.push_back(std::move(*next_value++));
            continue;
        }
        const Hash256& topic = *next_topic++;
        if (!is_hashed(type) && !fits(type, topic)) return fail(EncodingError::bad_abi);
        values.emplace_back(topic);
    }
    return values;
}

std::optional<std::string> revert_reason(Bytes revert_data) {
    static const Function error{"Error(string)"};
    static const Function panic{"Panic(uint256)"};
    if (const auto values = error.decode_call(revert_data)) return values->front().as_text();
    if (const auto values = panic.decode_call(revert_data)) {
        return "panic " + to_decimal(values->front().as_number());
    }
    return std::nullopt;
}

}  // namespace stoa::eth::abi
