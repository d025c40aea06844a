// The contract ABI at run time: declarations are text as in Solidity, values are words, bytes and
// lists. A binding is a constant and a call:
//
//     const abi::Function kTransfer{"transfer(address to,uint256 amount) returns (bool)"};
//     const ByteVector call_data = kTransfer.encode({to, amount});
#pragma once

#include <initializer_list>

#include "stoa/eth/abi_type.hpp"
#include "stoa/eth/abi_value.hpp"

namespace stoa::eth::abi {

/// Encodes `values` as the members of `tuple`; asserts that they have its shape and range.
ByteVector encode(const Type& tuple, const std::vector<Value>& values);

/// At most this many values, and four times the bytes that came in: offsets may overlap, and a
/// few hundred bytes could otherwise unfold into gigabytes.
inline constexpr std::size_t kMaxValues = 100'000;

/// The members of `tuple`. Strict: offsets inside the data, numbers inside their type, no bits
/// set in a word's padding; what stands behind the encoding is ignored, as the EVM does:
/// bad_abi, too_large.
Result<std::vector<Value>> decode(const Type& tuple, Bytes data);

using Selector = std::array<std::uint8_t, 4>;

/// A function or a custom error.
class Function {
  public:
    /// Asserts that `declaration` is `name(types)` with an optional `returns (types)`.
    explicit Function(std::string_view declaration);

    const Selector& selector() const { return selector_; }
    const Type& inputs() const { return inputs_; }

    /// Call data: the selector and the arguments.
    ByteVector encode(const std::vector<Value>& arguments) const;
    /// The arguments of call data, or of revert data where this is a custom error: bad_abi also
    /// for another selector.
    Result<std::vector<Value>> decode_call(Bytes call_data) const;
    Result<std::vector<Value>> decode_result(Bytes) const;

  private:
    Selector selector_{};
    Type inputs_;
    Type outputs_;
};

class Event {
  public:
    /// Asserts that `declaration` is as in `Transfer(address indexed from,…)`.
    explicit Event(std::string_view declaration);

    const Hash256& topic() const { return topic_; }
    const Type& parameters() const { return parameters_; }

    /// The parameters in the order of declaration. An indexed one of dynamic type is the hash
    /// that the log holds. bad_abi also where topics[0] is another event's.
    Result<std::vector<Value>> decode(std::span<const Hash256> topics, Bytes data) const;

  private:
    Hash256 topic_;
    Type parameters_;
    Type in_data_;
};

/// What `require` and `assert` of Solidity said, or nothing for other revert data.
std::optional<std::string> revert_reason(Bytes revert_data);

}  // namespace stoa::eth::abi
