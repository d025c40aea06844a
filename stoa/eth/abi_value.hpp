#pragma once

#include <concepts>
#include <string>
#include <variant>
#include <vector>

#include "stoa/eth/eip712.hpp"

namespace stoa::eth::abi {

/// A value of some `Type`. Every elementary type of fixed size is its 32-byte word, so that hot
/// paths copy rather than convert; the accessors assert that the value has that form.
class Value {
  public:
    Value() = default;
    /*implicit*/ Value(const Word& w) : data_(w) {}
    /*implicit*/ Value(const U256& number) : data_(word(number)) {}
    /*implicit*/ Value(const Amount& amount) : data_(word(amount)) {}
    /*implicit*/ Value(const Address& address) : data_(word(address)) {}
    /// Also bool; negative numbers as two's complement.
    template <std::integral Number>
    /*implicit*/ Value(Number number) : data_(extended(number)) {}
    /*implicit*/ Value(ByteVector bytes) : data_(std::move(bytes)) {}
    /*implicit*/ Value(std::string_view text) : data_(ByteVector(text.begin(), text.end())) {}
    /*implicit*/ Value(const std::string& text) : Value(std::string_view{text}) {}
    /*implicit*/ Value(const char* text) : Value(std::string_view{text}) {}
    /// Members of a tuple or elements of an array.
    /*implicit*/ Value(std::vector<Value> items) : data_(std::move(items)) {}

    /// bytes1 … bytes32.
    static Value fixed_bytes(Bytes);

    const Word& as_word() const;
    U256 as_number() const { return from_big_endian(as_word().bytes); }
    Amount as_amount() const { return Amount{as_number()}; }
    /// Asserts that the number fits.
    std::uint64_t as_u64() const;
    bool as_bool() const { return as_word().bytes[31] != 0; }
    Address as_address() const;
    const ByteVector& as_bytes() const;
    std::string as_text() const;
    const std::vector<Value>& items() const;
    const Value& operator[](std::size_t index) const { return items().at(index); }

    bool is_word() const { return std::holds_alternative<Word>(data_); }
    bool is_bytes() const { return std::holds_alternative<ByteVector>(data_); }
    bool is_items() const { return std::holds_alternative<std::vector<Value>>(data_); }

    friend bool operator==(const Value&, const Value&) = default;

  private:
    template <std::integral Number>
    static Word extended(Number number) {
        Word w = word(static_cast<std::uint64_t>(number));
        if (number < Number{0}) std::fill_n(w.bytes.begin(), 24, std::uint8_t{0xff});
        return w;
    }

    std::variant<Word, ByteVector, std::vector<Value>> data_;
};

}  // namespace stoa::eth::abi
