#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "stoa/base/amount.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

namespace json = boost::json;

/// The deepest nesting of a body.
inline constexpr std::size_t kMaxJsonDepth = 32;

template <class T>
using OrProblem = tl::expected<T, Problem>;

/// `STOA_TRY` and `STOA_CHECK` for coroutines: `STOA_CO_TRY(size, size_of(fields));`
#define STOA_CO_TRY(name, expression)                                       \
    auto name##_or = (expression);                                          \
    if (!name##_or) co_return tl::unexpected(std::move(name##_or).error()); \
    auto name = *std::move(name##_or)
#define STOA_CO_CHECK(expression)                                           \
    do {                                                                    \
        auto checked = (expression);                                        \
        if (!checked) co_return tl::unexpected(std::move(checked).error()); \
    } while (false)

/// A request's JSON object, read field by field with the field's name in every refusal.
class Fields {
  public:
    /// malformed_json.
    static OrProblem<Fields> parse(std::string_view body);
    /// An object inside another; `path` stands before its fields' names in refusals.
    explicit Fields(json::object object, std::string path = {})
        : object_(std::move(object)), path_(std::move(path)) {}

    /// unknown_field for anything else.
    OrProblem<void> only(std::initializer_list<std::string_view> known) const;

    /// missing_field, or invalid_field for one of another kind.
    OrProblem<std::string> text(std::string_view name) const;
    OrProblem<eth::Address> address(std::string_view name) const;
    OrProblem<Hash256> hash(std::string_view name) const;
    /// Decimal text, as amounts and ids are written; a JSON number that is whole is taken too.
    OrProblem<U256> number(std::string_view name) const;
    OrProblem<ByteVector> bytes(std::string_view name, std::size_t max_bytes) const;
    OrProblem<Fields> object(std::string_view name) const;

    bool has(std::string_view name) const { return object_.contains(name); }
    const json::object& raw() const { return object_; }

  private:
    OrProblem<const json::value*> at(std::string_view name) const;
    std::string full(std::string_view name) const;
    tl::unexpected<Problem> invalid(std::string_view name, std::string_view expected) const;

    json::object object_;
    std::string path_;
};

}  // namespace stoa::gateway
