#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "stoa/db/statement.hpp"

struct sqlite3;

namespace stoa::db {

/// One connection, used by one thread at a time. Statements are prepared once and kept, so write
/// SQL as literals with `?` for values.
class Session {
  public:
    Session(const Session&) = delete;
    ~Session();

    /// `for (auto rows = session.query("SELECT id FROM model WHERE owner = ?", owner);
    ///       rows.step();) use(rows.get<std::int64_t>(0));`
    template <class... Values>
    Statement query(std::string_view sql, const Values&... values) {
        Statement statement = prepare(sql);
        (statement.bind(values), ...);
        statement.expect_all_bound();
        return statement;
    }

    /// A statement without rows; returns how many rows it changed. Throws `ConstraintFailure`.
    template <class... Values>
    std::int64_t run(std::string_view sql, const Values&... values) {
        query(sql, values...).step();
        return changes();
    }

    /// The first row's columns: one value, or a tuple of several.
    template <class... T, class... Values>
    auto first(std::string_view sql, const Values&... values) {
        using Row = std::conditional_t<sizeof...(T) == 1, std::tuple_element_t<0, std::tuple<T...>>,
                                       std::tuple<T...>>;
        static_assert(((!std::is_same_v<T, std::string_view> && !std::is_same_v<T, Bytes>)&&...),
                      "would not outlive the statement");
        Statement rows = query(sql, values...);
        std::optional<Row> row;
        if (rows.step()) {
            if constexpr (sizeof...(T) == 1) {
                row.emplace(rows.get<Row>(0));
            } else {
                row.emplace(rows.as<T...>());
            }
        }
        return row;
    }

    /// Several statements, without values.
    void script(const std::string& sql);

    std::int64_t changes() const;
    std::int64_t last_row_id() const;

    /// Undoes what `f` did when it throws, and only that.
    template <class F>
    auto savepoint(F f) {
        begin_savepoint();
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
                f();
                end_savepoint();
            } else {
                auto result = f();
                end_savepoint();
                return result;
            }
        } catch (...) {
            undo_savepoint();
            throw;
        }
    }

  private:
    friend class Database;
    friend class Writer;
    struct Cached {
        sqlite3_stmt* statement = nullptr;
        bool in_use = false;
    };
    struct HashOfText {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    explicit Session(sqlite3* connection) : connection_(connection) {}
    Statement prepare(std::string_view sql);
    sqlite3_stmt* compile(std::string_view sql, unsigned flags);
    void begin_savepoint();
    void end_savepoint();
    void undo_savepoint() noexcept;
    void undo_all() noexcept;
    bool in_transaction() const;

    sqlite3* connection_;
    std::unordered_map<std::string, std::unique_ptr<Cached>, HashOfText, std::equal_to<>> cache_;
};

/// Brings the tables of `module` to the newest version: runs the steps that have not run yet, in
/// order. A step may hold several statements; it is never changed once released, only followed by
/// another. Call it inside `Database::write_now`. Throws `DbFailure`, also when the file comes from
/// a newer program.
void migrate(Session&, std::string_view module, std::span<const char* const> steps);

/// The newest step of `module` that has run; 0 before the first.
std::size_t schema_version(Session&, std::string_view module);

}  // namespace stoa::db
