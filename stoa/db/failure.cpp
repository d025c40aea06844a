#include "stoa/db/failure.hpp"

#include <sqlite3.h>

#include <string>

#include "stoa/db/statement.hpp"

namespace stoa::db {

void throw_failure(sqlite3* connection, int code, const char* sql) {
    std::string what = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    if (sql != nullptr && *sql != '\0') what.append(": ").append(sql);
    if ((code & 0xff) == SQLITE_CONSTRAINT) throw ConstraintFailure(what);
    throw DbFailure(what);
}

}  // namespace stoa::db
