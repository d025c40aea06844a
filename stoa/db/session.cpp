#include "stoa/db/session.hpp"

#include <sqlite3.h>

#include "stoa/base/assert.hpp"
#include "stoa/db/failure.hpp"

namespace stoa::db {
namespace {

/// More than the SQL literals of all modules; beyond it statements are prepared each time.
constexpr std::size_t kMaxCached = 512;

}  // namespace

Session::~Session() {
    for (const auto& [sql, cached] : cache_) {
        STOA_ASSERT(!cached->in_use);
        sqlite3_finalize(cached->statement);
    }
    sqlite3_close(connection_);
}

sqlite3_stmt* Session::compile(std::string_view sql, unsigned flags) {
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                        flags, &statement, &rest);
    if (code != SQLITE_OK) throw_failure(connection_, code, std::string(sql).c_str());
    const std::string_view unread(rest, sql.size() - static_cast<std::size_t>(rest - sql.data()));
    if (statement == nullptr || unread.find_first_not_of(" \n;") != std::string_view::npos) {
        sqlite3_finalize(statement);
        throw DbFailure("not exactly one statement: " + std::string(sql));
    }
    return statement;
}

Statement Session::prepare(std::string_view sql) {
    const auto found = cache_.find(sql);
    if (found != cache_.end() && !found->second->in_use) {
        found->second->in_use = true;
        return {found->second->statement, &found->second->in_use};
    }
    // The same statement is being read by the caller of our caller, or there are too many.
    if (found != cache_.end() || cache_.size() >= kMaxCached) return {compile(sql, 0), nullptr};
    auto cached = std::make_unique<Cached>();
    cached->statement = compile(sql, SQLITE_PREPARE_PERSISTENT);
    cached->in_use = true;
    Cached& kept = *cached;
    cache_.emplace(std::string(sql), std::move(cached));
    return {kept.statement, &kept.in_use};
}

void Session::script(const std::string& sql) {
    const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw_failure(connection_, code, sql.c_str());
}

std::int64_t Session::changes() const {
    return sqlite3_changes64(connection_);
}

std::int64_t Session::last_row_id() const {
    return sqlite3_last_insert_rowid(connection_);
}

// SQLite's savepoints nest, so one name serves all of them.
void Session::begin_savepoint() {
    run("SAVEPOINT inner_work");
}

void Session::end_savepoint() {
    run("RELEASE inner_work");
}

void Session::undo_savepoint() noexcept {
    // Fails only after SQLite has undone the whole transaction itself, as on a full disk.
    sqlite3_exec(connection_, "ROLLBACK TO inner_work; RELEASE inner_work", nullptr, nullptr,
                 nullptr);
}

void Session::undo_all() noexcept {
    if (in_transaction()) sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Session::in_transaction() const {
    return sqlite3_get_autocommit(connection_) == 0;
}

}  // namespace stoa::db
