#pragma once

#include <optional>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/payment/channel.hpp"

namespace stoa::payment {

/// Reads members of a JSON object in the forms of x402. The first that is missing or misfits
/// fails the whole message, and what follows reads as zero: a parser is then the list of its
/// members and one question at the end.
class JsonReader {
  public:
    JsonReader(const boost::json::value* value, bool& failed)
        : object_(value && value->is_object() ? &value->get_object() : nullptr), failed_(failed) {
        if (!object_) failed_ = true;
    }

    const boost::json::value* find(std::string_view key) const {
        return object_ ? object_->if_contains(key) : nullptr;
    }
    bool has(std::string_view key) const { return find(key) != nullptr; }
    JsonReader object(std::string_view key) const { return {find(key), failed_}; }

    std::string_view text(std::string_view key) const {
        const auto* value = find(key);
        if (!value || !value->is_string()) return failed_ = true, std::string_view{};
        return value->get_string();
    }
    std::string_view text_or_empty(std::string_view key) const {
        return has(key) ? text(key) : std::string_view{};
    }

    /// A decimal string.
    Amount amount(std::string_view key) const {
        return value_of(parse_amount(text(key), kAmountBits));
    }
    U256 number256(std::string_view key) const { return value_of(parse_decimal(text(key))); }
    std::uint64_t number64(std::string_view key) const {
        return static_cast<std::uint64_t>(value_of(parse_decimal(text(key), 64)));
    }
    /// A JSON number.
    std::uint64_t number(std::string_view key) const {
        const auto* value = find(key);
        if (value && value->is_uint64()) return value->get_uint64();
        if (value && value->is_int64() && value->get_int64() >= 0) {
            return static_cast<std::uint64_t>(value->get_int64());
        }
        return failed_ = true, 0;
    }
    bool boolean(std::string_view key) const {
        const auto* value = find(key);
        if (!value || !value->is_bool()) return failed_ = true, false;
        return value->get_bool();
    }

    eth::Address address(std::string_view key) const {
        return value_of(eth::parse_address_any_case(text(key)));
    }
    Hash256 hash(std::string_view key) const { return value_of(parse_hash(text(key))); }
    eth::Signature signature(std::string_view key) const {
        return value_of(eth::parse_signature(text(key)));
    }
    ByteVector bytes(std::string_view key, std::size_t max_bytes) const {
        return value_of(parse_hex(text(key), max_bytes));
    }

    bool failed() const { return failed_; }
    void fail() const { failed_ = true; }

  private:
    template <class T>
    T value_of(Result<T> result) const {
        if (result) return *std::move(result);
        failed_ = true;
        return T{};
    }

    const boost::json::object* object_;
    bool& failed_;
};

}  // namespace stoa::payment
