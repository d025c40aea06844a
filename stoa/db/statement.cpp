#include "stoa/db/statement.hpp"

#include <sqlite3.h>

#include "stoa/db/failure.hpp"

namespace stoa::db {

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      in_use_(other.in_use_),
      bound_(other.bound_) {}

Statement::~Statement() {
    if (statement_ == nullptr) return;
    if (in_use_ == nullptr) {
        sqlite3_finalize(statement_);
        return;
    }
    // Reset ends the read, or the snapshot would stay; cleared values free their memory.
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    *in_use_ = false;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw_failure(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Statement::expect_all_bound() const {
    const int wanted = sqlite3_bind_parameter_count(statement_);
    if (wanted == bound_) return;
    throw DbFailure("bound " + std::to_string(bound_) + " of " + std::to_string(wanted) +
                    " values: " + sqlite3_sql(statement_));
}

void Statement::check_bound(int code) {
    if (code != SQLITE_OK) {
        throw_failure(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
    }
}

void Statement::bind_integer(std::int64_t value) {
    check_bound(sqlite3_bind_int64(statement_, ++bound_, value));
}

void Statement::bind_real(double value) {
    check_bound(sqlite3_bind_double(statement_, ++bound_, value));
}

void Statement::bind_text(std::string_view value) {
    // A null pointer would be NULL, not an empty text.
    const char* start = value.data() == nullptr ? "" : value.data();
    check_bound(sqlite3_bind_text64(statement_, ++bound_, start, value.size(), SQLITE_TRANSIENT,
                                    SQLITE_UTF8));
}

void Statement::bind_blob(Bytes value) {
    const void* start = value.data() == nullptr ? static_cast<const void*>("") : value.data();
    check_bound(sqlite3_bind_blob64(statement_, ++bound_, start, value.size(), SQLITE_TRANSIENT));
}

void Statement::bind_null() {
    check_bound(sqlite3_bind_null(statement_, ++bound_));
}

void Statement::too_large() {
    throw DbFailure("an integer is too large for the database");
}

void Statement::wrong_type(int column, const char* wanted) const {
    const char* name = sqlite3_column_name(statement_, column);
    throw DbFailure("column " + std::to_string(column) + " (" + (name ? name : "none") +
                    ") is not " + wanted + ": " + sqlite3_sql(statement_));
}

std::int64_t Statement::integer(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) {
        wrong_type(column, "an integer");
    }
    return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
    const int type = sqlite3_column_type(statement_, column);
    if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) wrong_type(column, "a number");
    return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) wrong_type(column, "text");
    const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Bytes Statement::blob(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) wrong_type(column, "a blob");
    const auto* start = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Bytes Statement::blob(int column, std::size_t size) const {
    const auto bytes = blob(column);
    if (bytes.size() != size) wrong_type(column, "a blob of the right length");
    return bytes;
}

}  // namespace stoa::db
