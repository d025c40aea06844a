#include "stoa/catalogue/schema.hpp"

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "stoa/chain/follower.hpp"

namespace stoa::catalogue {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE now (block INTEGER NOT NULL);
INSERT INTO now VALUES (0);
CREATE TABLE undo (id INTEGER PRIMARY KEY, block INTEGER NOT NULL, sql TEXT NOT NULL);
CREATE INDEX undo_block ON undo (block);

CREATE TABLE model (id INTEGER PRIMARY KEY, slug TEXT NOT NULL, registrant BLOB NOT NULL,
    owner BLOB NOT NULL, pay_to BLOB, serving INTEGER NOT NULL, call_bps INTEGER NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, sold INTEGER NOT NULL,
    tx BLOB NOT NULL);
CREATE INDEX model_slug ON model (slug);
CREATE TABLE version (model INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL,
    status INTEGER NOT NULL, reason TEXT NOT NULL, time INTEGER NOT NULL,
    manifest BLOB NOT NULL, weights BLOB NOT NULL, cid TEXT NOT NULL, tx BLOB NOT NULL);
CREATE UNIQUE INDEX version_key ON version (model, number);
CREATE INDEX version_manifest ON version (manifest);
CREATE INDEX version_weights ON version (weights);
CREATE TABLE parent (model INTEGER NOT NULL, parent INTEGER NOT NULL, version INTEGER NOT NULL,
    bps INTEGER NOT NULL);
CREATE INDEX parent_model ON parent (model);
CREATE TABLE payee (split BLOB NOT NULL, position INTEGER NOT NULL, account BLOB NOT NULL,
    share INTEGER NOT NULL);
CREATE UNIQUE INDEX payee_key ON payee (split, position);
CREATE INDEX payee_account ON payee (account);
CREATE TABLE offer (id INTEGER PRIMARY KEY, model INTEGER NOT NULL, service INTEGER NOT NULL,
    seller BLOB NOT NULL, active INTEGER NOT NULL, period INTEGER NOT NULL,
    calls INTEGER NOT NULL, seats INTEGER NOT NULL, rights INTEGER NOT NULL,
    entitlement INTEGER NOT NULL, transferable INTEGER NOT NULL, terms BLOB NOT NULL);
CREATE INDEX offer_model ON offer (model);
CREATE INDEX offer_terms ON offer (terms);
CREATE TABLE offer_price (offer INTEGER NOT NULL, position INTEGER NOT NULL, token BLOB NOT NULL,
    floor BLOB NOT NULL, cap BLOB NOT NULL);
CREATE INDEX offer_price_offer ON offer_price (offer);
CREATE TABLE licence (id INTEGER PRIMARY KEY, offer INTEGER NOT NULL, holder BLOB NOT NULL,
    issued INTEGER NOT NULL, expires INTEGER NOT NULL, remaining INTEGER NOT NULL,
    token BLOB NOT NULL, paid BLOB NOT NULL, cancelled INTEGER NOT NULL, tx BLOB NOT NULL);
CREATE INDEX licence_holder ON licence (holder);
CREATE TABLE service (id INTEGER PRIMARY KEY, model INTEGER NOT NULL, version INTEGER NOT NULL,
    provider BLOB NOT NULL, receiver BLOB NOT NULL, authorizer BLOB NOT NULL,
    valid_until INTEGER NOT NULL, endpoint TEXT NOT NULL, ended INTEGER NOT NULL);
CREATE INDEX service_model ON service (model);
CREATE INDEX service_provider ON service (provider);
CREATE INDEX service_receiver ON service (receiver);
CREATE TABLE pricing (service INTEGER NOT NULL, effective INTEGER NOT NULL,
    position INTEGER NOT NULL, token BLOB NOT NULL, per_call BLOB NOT NULL,
    per_input BLOB NOT NULL, per_output BLOB NOT NULL);
CREATE INDEX pricing_service ON pricing (service, effective);
CREATE TABLE feed (block INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (block, number)) WITHOUT ROWID;

CREATE TABLE manifest (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE terms (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE doc (model INTEGER PRIMARY KEY, title TEXT NOT NULL, summary TEXT NOT NULL,
    task TEXT NOT NULL, licence TEXT NOT NULL, tags TEXT NOT NULL, card TEXT NOT NULL,
    vector BLOB);
CREATE VIRTUAL TABLE doc_text USING fts5 (title, slug, summary, tags, card,
    tokenize = 'porter unicode61 remove_diacritics 2');
)";

constexpr const char* kEmbedder = "CREATE TABLE embedder (weights BLOB NOT NULL);";
/// The last block whose changes can't be taken back any more.
constexpr const char* kForgotten = R"(
CREATE TABLE forgotten (block INTEGER NOT NULL);
INSERT INTO forgotten SELECT coalesce(max(block), 0) FROM undo;
)";

/// What `/api/money` asks the feed for; addresses and hashes are text as there.
constexpr const char* kMoves = R"(
CREATE TABLE move (block INTEGER NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL,
    tx TEXT NOT NULL, channel TEXT, payer TEXT, receiver TEXT, token TEXT,
    PRIMARY KEY (block, number)) WITHOUT ROWID;
CREATE INDEX move_channel ON move (channel, event, block);
CREATE INDEX move_payer ON move (payer, block);
CREATE INDEX move_receiver ON move (receiver, token, block);
CREATE INDEX move_event ON move (event, block);
INSERT INTO move )";

/// What royalties need, all of it only ever added to: every split that a model was paid through,
/// which children may still pay; which versions may be built on; and every royalty that was set.
/// Addresses are lower-case hex, amounts decimal text.
constexpr const char* kRoyalties = R"(
CREATE TABLE paid_through (block INTEGER NOT NULL, split TEXT NOT NULL, model INTEGER NOT NULL);
CREATE INDEX paid_through_split ON paid_through (split);
CREATE INDEX paid_through_model ON paid_through (model);
CREATE TABLE derivable (block INTEGER NOT NULL, model INTEGER NOT NULL, number INTEGER NOT NULL,
    bps INTEGER NOT NULL);
CREATE INDEX derivable_version ON derivable (model, number);
CREATE TABLE royalty (block INTEGER NOT NULL, time INTEGER NOT NULL, model INTEGER NOT NULL,
    effective INTEGER NOT NULL, bps INTEGER NOT NULL, token TEXT NOT NULL, per_call TEXT NOT NULL,
    per_million TEXT NOT NULL);
CREATE INDEX royalty_model ON royalty (model);
INSERT INTO paid_through SELECT block, lower(json_extract(data, '$.payTo')),
    CAST(json_extract(data, '$.model') AS INTEGER) FROM feed
    WHERE kind = 'model' AND json_extract(data, '$.event') = 'PayToSet';
INSERT INTO derivable SELECT block, CAST(json_extract(data, '$.model') AS INTEGER),
    json_extract(data, '$.version'), json_extract(data, '$.derivativeBps') FROM feed
    WHERE kind = 'version' AND json_extract(data, '$.derivable');
INSERT INTO royalty SELECT block, json_extract(data, '$.time'),
    CAST(json_extract(data, '$.model') AS INTEGER), json_extract(data, '$.effectiveAt'),
    json_extract(data, '$.royalty.callBps'), lower(json_extract(data, '$.royalty.token')),
    json_extract(data, '$.royalty.perCall'), json_extract(data, '$.royalty.perMillion') FROM feed
    WHERE kind = 'model' AND json_extract(data, '$.event') = 'RoyaltySet' ORDER BY block, number;
)";

/// Where the feed has the sales of an offer, for the history of its price.
constexpr const char* kSales = R"(
CREATE TABLE sale (offer INTEGER NOT NULL, block INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (offer, block, number)) WITHOUT ROWID;
CREATE INDEX sale_block ON sale (block);
INSERT INTO sale SELECT CAST(json_extract(data, '$.offer') AS INTEGER), block, number FROM feed
    WHERE kind = 'licence' AND json_extract(data, '$.event') = 'Purchased';
)";

#define STOA_MOVES                                                                               \
    "SELECT block, number, json_extract(data, '$.event'), json_extract(data, '$.transaction'), " \
    "json_extract(data, '$.channelId'), json_extract(data, '$.config.payer'), "                  \
    "json_extract(data, '$.receiver'), json_extract(data, '$.token') FROM feed WHERE kind = "    \
    "'channel'"

/// Search: what `ListingIndex` follows, vectors on their own (a row with its card is long), and the
/// models whose rows changed since `Docs` last looked. Full text was a virtual table before.
constexpr const char* kSearch = R"(
DROP TABLE doc_text;
CREATE TABLE vector (model INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
INSERT INTO vector SELECT model, vector FROM doc WHERE vector IS NOT NULL;
ALTER TABLE doc ADD COLUMN facets TEXT NOT NULL DEFAULT '';
ALTER TABLE doc ADD COLUMN abilities TEXT NOT NULL DEFAULT '';
ALTER TABLE doc ADD COLUMN embedded INTEGER NOT NULL DEFAULT 0;
UPDATE doc SET embedded = vector IS NOT NULL;
ALTER TABLE doc DROP COLUMN vector;
CREATE INDEX doc_to_embed ON doc (model) WHERE embedded = 0 AND summary <> '';
CREATE TABLE shelf (model INTEGER PRIMARY KEY, revision INTEGER NOT NULL, gone INTEGER NOT NULL,
    created INTEGER NOT NULL, sold INTEGER NOT NULL, price REAL, until INTEGER NOT NULL,
    facets TEXT NOT NULL, words BLOB NOT NULL, signs BLOB);
CREATE INDEX shelf_revision ON shelf (revision);
CREATE TABLE touched (model INTEGER PRIMARY KEY, text INTEGER NOT NULL);
INSERT INTO touched SELECT id, 1 FROM model;
)";

/// A table whose rows decide what search says of a model: which model a row belongs to, and whether
/// its text may change with it.
struct Source {
    const char* table;
    const char* model;
    bool text;
};
constexpr std::array kSources{
    Source{"model", "SELECT @.id", true},
    Source{"version", "SELECT @.model", true},
    Source{"offer", "SELECT @.model", false},
    Source{"offer_price", "SELECT model FROM offer WHERE id = @.offer", false},
    Source{"service", "SELECT @.model", false},
    Source{"pricing", "SELECT model FROM service WHERE id = @.service", false},
};

std::string touching(const Source& source, const std::string& event, const std::string& name,
                     const char* row, bool text) {
    std::string model = source.model;
    model.replace(model.find('@'), 1, row);
    return "CREATE TRIGGER touch_" + name + " AFTER " + event + " ON " + source.table +
           " BEGIN INSERT INTO touched (model, text) SELECT * FROM (" + model +
           ") AS changed JOIN (SELECT " + (text ? "1" : "0") +
           ") WHERE true ON CONFLICT (model) DO UPDATE SET text = max(text, excluded.text); END;\n";
}

std::string touching_triggers() {
    std::string sql;
    for (const Source& source : kSources) {
        const std::string table = source.table;
        sql += touching(source, "INSERT", table + "_insert", "new", source.text);
        sql += touching(source, "DELETE", table + "_delete", "old", source.text);
        // A sale or a transfer changes a model's row too, but none of its words.
        const bool is_model = table == "model";
        sql += touching(source, "UPDATE", table + "_update", "new", source.text && !is_model);
        if (is_model) sql += touching(source, "UPDATE OF slug", "slug_update", "new", true);
    }
    return sql;
}

struct Table {
    const char* name;
    std::vector<const char*> columns;
};

const std::vector<Table>& derived_tables() {
    static const std::vector<Table> tables{
        {"model",
         {"slug", "registrant", "owner", "pay_to", "serving", "call_bps", "created", "updated",
          "sold", "tx"}},
        {"version",
         {"model", "number", "kind", "status", "reason", "time", "manifest", "weights", "cid",
          "tx"}},
        {"parent", {"model", "parent", "version", "bps"}},
        {"payee", {"split", "position", "account", "share"}},
        {"offer",
         {"model", "service", "seller", "active", "period", "calls", "seats", "rights",
          "entitlement", "transferable", "terms"}},
        {"offer_price", {"offer", "position", "token", "floor", "cap"}},
        {"licence",
         {"offer", "holder", "issued", "expires", "remaining", "token", "paid", "cancelled", "tx"}},
        {"service",
         {"model", "version", "provider", "receiver", "authorizer", "valid_until", "endpoint",
          "ended"}},
        {"pricing",
         {"service", "effective", "position", "token", "per_call", "per_input", "per_output"}},
    };
    return tables;
}

/// Triggers that record, for each change of a row, the statement that takes it back.
std::string triggers_of(const Table& table) {
    const std::string name = table.name;
    std::string names = "rowid";
    std::string values = "old.rowid";
    std::string sets;
    for (const std::string column : table.columns) {
        names += "," + column;
        values += "||','||quote(old." + column + ")";
        sets += (sets.empty() ? "'" : "||',") + column + "='||quote(old." + column + ")";
    }
    const auto trigger = [&](const std::string& event, const std::string& sql) {
        return "CREATE TRIGGER " + name + "_" + event + " AFTER " + event + " ON " + name +
               " BEGIN INSERT INTO undo (block, sql) VALUES ((SELECT block FROM now), " + sql +
               "); END;\n";
    };
    return trigger("insert", "'DELETE FROM " + name + " WHERE rowid='||new.rowid") +
           trigger("update",
                   "'UPDATE " + name + " SET '||" + sets + "||' WHERE rowid='||old.rowid") +
           trigger("delete",
                   "'INSERT INTO " + name + " (" + names + ") VALUES ('||" + values + "||')'");
}

}  // namespace

void create_tables(db::Session& session) {
    static const std::string first = [] {
        std::string sql = kTables;
        for (const Table& table : derived_tables()) sql += triggers_of(table);
        return sql;
    }();
    static const std::string moves = std::string(kMoves) + STOA_MOVES ";";
    static const std::string search = kSearch + touching_triggers();
    const std::array steps{first.c_str(), kEmbedder,      kForgotten, moves.c_str(),
                           kRoyalties,    search.c_str(), kSales};
    db::migrate(session, "catalogue", steps);
}

void begin_block(db::Session& session, std::uint64_t block) {
    session.run("UPDATE now SET block = ?", block);
}

void add_move(db::Session& session, std::uint64_t block, std::uint32_t number) {
    session.run("INSERT INTO move " STOA_MOVES " AND block = ? AND number = ?", block, number);
}

#undef STOA_MOVES

void undo_above(db::Session& session, std::uint64_t keep) {
    if (keep < session.first<std::uint64_t>("SELECT block FROM forgotten").value_or(0)) {
        throw chain::CannotUndo("blocks above " + std::to_string(keep) + " were final");
    }
    std::vector<std::string> statements;
    for (auto rows = session.query("SELECT sql FROM undo WHERE block > ? ORDER BY id DESC", keep);
         rows.step();) {
        statements.push_back(rows.get<std::string>(0));
    }
    // What undoing records belongs to no block, and goes with the rest.
    begin_block(session, std::numeric_limits<std::int64_t>::max());
    for (const std::string& sql : statements) session.script(sql);
    session.run("DELETE FROM undo WHERE block > ?", keep);
    session.run("DELETE FROM feed WHERE block > ?", keep);
    session.run("DELETE FROM move WHERE block > ?", keep);
    session.run("DELETE FROM paid_through WHERE block > ?", keep);
    session.run("DELETE FROM derivable WHERE block > ?", keep);
    session.run("DELETE FROM royalty WHERE block > ?", keep);
    session.run("DELETE FROM sale WHERE block > ?", keep);
}

void make_final(db::Session& session, std::uint64_t block) {
    session.run("DELETE FROM undo WHERE block <= ?", block);
    session.run("UPDATE forgotten SET block = max(block, ?)", block);
}

void empty_tables(db::Session& session) {
    for (const Table& table : derived_tables()) {
        session.script(std::string("DELETE FROM ") + table.name);
    }
    session.script(
        "DELETE FROM feed; DELETE FROM move; DELETE FROM undo; DELETE FROM paid_through; DELETE "
        "FROM "
        "derivable; DELETE FROM royalty; DELETE FROM sale;"
        "UPDATE forgotten SET block = 0;");
}

}  // namespace stoa::catalogue
