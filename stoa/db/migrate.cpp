#include "stoa/db/session.hpp"

namespace stoa::db {
namespace {

constexpr const char* kVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "module TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID, STRICT";

}  // namespace

std::size_t schema_version(Session& session, std::string_view module) {
    const bool is_there =
        session.first<std::int64_t>("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'")
            .has_value();
    if (!is_there) return 0;
    return session.first<std::size_t>("SELECT version FROM schema_version WHERE module = ?", module)
        .value_or(0);
}

void migrate(Session& session, std::string_view module, std::span<const char* const> steps) {
    const auto version = schema_version(session, module);
    if (version > steps.size()) {
        throw DbFailure("the tables of " + std::string(module) + " have version " +
                        std::to_string(version) + ", and this program knows only " +
                        std::to_string(steps.size()) + ": it is older than the data");
    }
    if (version == steps.size()) return;
    session.run(kVersionTable);
    session.savepoint([&] {
        for (const char* step : steps.subspan(version)) session.script(step);
        session.run(
            "INSERT INTO schema_version VALUES (?, ?) "
            "ON CONFLICT (module) DO UPDATE SET version = excluded.version",
            module, steps.size());
    });
}

}  // namespace stoa::db
