#pragma once

struct sqlite3;

namespace stoa::db {

/// `DbFailure` or `ConstraintFailure` with SQLite's words and the statement.
[[noreturn]] void throw_failure(sqlite3* connection, int code, const char* sql);

}  // namespace stoa::db
