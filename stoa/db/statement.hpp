#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "stoa/base/amount.hpp"
#include "stoa/base/time.hpp"
#include "stoa/base/types.hpp"

struct sqlite3_stmt;

namespace stoa::db {

/// The database could not do it: disk, lock, corruption, a wrong statement, a value of another type
/// than asked for.
class DbFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A row would have broken a UNIQUE, CHECK, NOT NULL or FOREIGN KEY constraint.
class ConstraintFailure : public DbFailure {
  public:
    using DbFailure::DbFailure;
};

/// `eth::Address` and its like: a struct around a fixed number of bytes, stored as a blob.
template <class T>
concept FixedBytes = requires(T value) {
    value.bytes.size();
    requires std::same_as<std::remove_cvref_t<decltype(value.bytes)>,
                          std::array<std::uint8_t, sizeof(value.bytes)>>;
};

/// A prepared statement that is being read; `Session::query` makes it. Values are bound to `?` in
/// order; columns count from 0.
///
/// | type                                     | stored as                                     |
/// |------------------------------------------|-----------------------------------------------|
/// | integers, bool, enums, `UnixTime`        | INTEGER; above 2^63-1 refused (DbFailure)     |
/// | double                                   | REAL                                          |
/// | std::string, std::string_view            | TEXT                                          |
/// | Bytes, ByteVector, Hash256, eth::Address | BLOB                                          |
/// | U256, Amount                             | BLOB of 32 bytes, big-endian: sorts as number |
/// | std::optional, nullptr                   | the same, or NULL                             |
class Statement {
  public:
    Statement(Statement&& other) noexcept;
    ~Statement();

    /// The next row, or false after the last.
    bool step();

    /// The value of a column of the current row; DbFailure for NULL or another type or length.
    /// `std::string_view` and `Bytes` last until the next `step`.
    template <class T>
    T get(int column) const;

    /// `auto [id, owner] = rows.as<std::int64_t, Hash256>();`
    template <class... T>
    std::tuple<T...> as() const {
        return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple<T...>(get<T>(static_cast<int>(I))...);
        }
        (std::index_sequence_for<T...>());
    }

    bool is_null(int column) const;

    /// Binds the next `?`.
    template <class T>
    void bind(const T& value);
    void expect_all_bound() const;

  private:
    friend class Session;
    Statement(sqlite3_stmt* statement, bool* in_use) : statement_(statement), in_use_(in_use) {}

    void check_bound(int code);
    void bind_integer(std::int64_t);
    void bind_real(double);
    void bind_text(std::string_view);
    void bind_blob(Bytes);
    void bind_null();
    [[noreturn]] static void too_large();
    [[noreturn]] void wrong_type(int column, const char* wanted) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;
    Bytes blob(int column) const;
    Bytes blob(int column, std::size_t size) const;

    sqlite3_stmt* statement_;
    bool* in_use_;  ///< Of the session's cache; the statement is ours alone where null.
    int bound_ = 0;
};

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
}  // namespace detail

template <class T>
void Statement::bind(const T& value) {
    if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) {
        bind_null();
    } else if constexpr (detail::is_optional<T>) {
        value ? bind(*value) : bind_null();
    } else if constexpr (std::is_enum_v<T>) {
        bind(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::integral<T>) {
        if constexpr (!std::is_same_v<T, bool>) {
            if (!std::in_range<std::int64_t>(value)) too_large();
        }
        bind_integer(static_cast<std::int64_t>(value));
    } else if constexpr (std::floating_point<T>) {
        bind_real(value);
    } else if constexpr (std::is_same_v<T, UnixTime>) {
        bind_integer(unix_seconds(value));
    } else if constexpr (std::is_same_v<T, U256>) {
        bind_blob(to_big_endian(value));
    } else if constexpr (std::is_same_v<T, Amount>) {
        bind_blob(to_big_endian(value.units));
    } else if constexpr (FixedBytes<T>) {
        bind_blob(value.bytes);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        bind_text(value);
    } else {
        bind_blob(value);
    }
}

template <class T>
T Statement::get(int column) const {
    if constexpr (detail::is_optional<T>) {
        if (is_null(column)) return std::nullopt;
        return get<typename T::value_type>(column);
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(get<std::underlying_type_t<T>>(column));
    } else if constexpr (std::is_same_v<T, bool>) {
        return integer(column) != 0;
    } else if constexpr (std::integral<T>) {
        const auto value = integer(column);
        if (!std::in_range<T>(value)) wrong_type(column, "a smaller integer");
        return static_cast<T>(value);
    } else if constexpr (std::floating_point<T>) {
        return static_cast<T>(real(column));
    } else if constexpr (std::is_same_v<T, UnixTime>) {
        return unix_time(integer(column));
    } else if constexpr (std::is_same_v<T, U256>) {
        return from_big_endian(blob(column, 32));
    } else if constexpr (std::is_same_v<T, Amount>) {
        return Amount(from_big_endian(blob(column, 32)));
    } else if constexpr (FixedBytes<T>) {
        T value;
        const auto bytes = blob(column, value.bytes.size());
        std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
        return value;
    } else if constexpr (std::is_same_v<T, Bytes>) {
        return blob(column);
    } else if constexpr (std::is_same_v<T, ByteVector>) {
        const auto bytes = blob(column);
        return {bytes.begin(), bytes.end()};
    } else {
        return T(text(column));
    }
}

}  // namespace stoa::db
