#include "stoa/chain/sender_store.hpp"

#include <algorithm>

namespace stoa::chain {
namespace {

/// Transactions of older nonces are dropped once they are final: no reorg brings them back.
constexpr std::uint64_t kKeptNonces = 10'000;

constexpr const char* kSteps[] = {R"(
CREATE TABLE sender_account (
    chain INTEGER NOT NULL, account BLOB NOT NULL, genesis BLOB NOT NULL,
    next_nonce INTEGER NOT NULL, PRIMARY KEY (chain, account));
CREATE TABLE sender_job (
    chain INTEGER NOT NULL, account BLOB NOT NULL, id TEXT NOT NULL, nonce INTEGER NOT NULL,
    target BLOB NOT NULL, data BLOB NOT NULL, value BLOB NOT NULL, gas INTEGER NOT NULL,
    state INTEGER NOT NULL, final INTEGER NOT NULL,
    included BLOB, block INTEGER, block_hash BLOB,
    PRIMARY KEY (chain, account, id), UNIQUE (chain, account, nonce));
CREATE INDEX sender_job_unfinished ON sender_job (chain, account) WHERE final = 0;
CREATE TABLE sender_attempt (
    number INTEGER PRIMARY KEY, chain INTEGER NOT NULL, account BLOB NOT NULL, id TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE, max_fee BLOB NOT NULL, tip BLOB NOT NULL, raw BLOB NOT NULL);
CREATE INDEX sender_attempt_job ON sender_attempt (chain, account, id);
)"};

#define JOB_COLUMNS "id, nonce, target, data, value, gas, state, included, block, block_hash"

}  // namespace

void Sender::Store::open(db::Session& session, const Hash256& genesis,
                         std::uint64_t chain_nonce) const {
    db::migrate(session, "chain_sender", kSteps);
    const auto known = session.first<Hash256>(
        "SELECT genesis FROM sender_account WHERE chain = ? AND account = ?", chain_, account_);
    if (known && *known != genesis) {
        session.run("DELETE FROM sender_attempt WHERE chain = ? AND account = ?", chain_, account_);
        session.run("DELETE FROM sender_job WHERE chain = ? AND account = ?", chain_, account_);
    }
    if (!known || *known != genesis) {
        session.run(
            "INSERT OR REPLACE INTO sender_account (chain, account, genesis, next_nonce) "
            "VALUES (?, ?, ?, ?)",
            chain_, account_, genesis, chain_nonce);
    } else {
        session.run(
            "UPDATE sender_account SET next_nonce = max(next_nonce, ?) WHERE chain = ? AND "
            "account = ?",
            chain_nonce, chain_, account_);
    }
}

StoredJob Sender::Store::job_of(db::Session& session, db::Statement& row) const {
    StoredJob stored;
    stored.job.id = row.get<std::string>(0);
    stored.nonce = row.get<std::uint64_t>(1);
    stored.job.to = row.get<eth::Address>(2);
    stored.job.data = row.get<ByteVector>(3);
    stored.job.value = row.get<U256>(4);
    stored.gas = row.get<std::uint64_t>(5);
    stored.state = row.get<JobState>(6);
    stored.included = row.get<std::optional<Hash256>>(7);
    if (const auto number = row.get<std::optional<std::uint64_t>>(8)) {
        stored.block = BlockId{*number, row.get<Hash256>(9)};
    }
    for (auto rows = session.query("SELECT hash, max_fee, tip, raw FROM sender_attempt WHERE "
                                   "chain = ? AND account = ? AND id = ? ORDER BY number",
                                   chain_, account_, stored.job.id);
         rows.step();) {
        stored.attempts.push_back({rows.get<Hash256>(0),
                                   {rows.get<U256>(1), rows.get<U256>(2)},
                                   rows.get<ByteVector>(3)});
    }
    return stored;
}

std::optional<StoredJob> Sender::Store::find(db::Session& session, std::string_view id) const {
    auto row = session.query("SELECT " JOB_COLUMNS
                             " FROM sender_job WHERE chain = ? AND account = ? AND id = ?",
                             chain_, account_, id);
    if (!row.step()) return std::nullopt;
    return job_of(session, row);
}

std::vector<StoredJob> Sender::Store::unfinished(db::Session& session) const {
    std::vector<StoredJob> jobs;
    for (auto rows = session.query("SELECT " JOB_COLUMNS
                                   " FROM sender_job WHERE chain = ? AND account = ? AND "
                                   "final = 0 ORDER BY nonce",
                                   chain_, account_);
         rows.step();) {
        jobs.push_back(job_of(session, rows));
    }
    return jobs;
}

std::uint64_t Sender::Store::finished_nonces(db::Session& session) const {
    return session
        .first<std::uint64_t>(
            "SELECT coalesce(max(nonce) + 1, 0) FROM sender_job WHERE chain = ? "
            "AND account = ? AND final = 1 AND included IS NOT NULL",
            chain_, account_)
        .value_or(0);
}

std::uint64_t Sender::Store::take_nonce(db::Session& session, std::uint64_t least) const {
    const auto next =
        session
            .first<std::uint64_t>(
                "SELECT next_nonce FROM sender_account WHERE chain = ? AND account = ?", chain_,
                account_)
            .value();
    const std::uint64_t taken = std::max(next, least);
    session.run("UPDATE sender_account SET next_nonce = ? WHERE chain = ? AND account = ?",
                taken + 1, chain_, account_);
    return taken;
}

void Sender::Store::insert(db::Session& session, const StoredJob& stored) const {
    session.run(
        "INSERT INTO sender_job (chain, account, id, nonce, target, data, value, gas, "
        "state, final) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        chain_, account_, stored.job.id, stored.nonce, stored.job.to, stored.job.data,
        stored.job.value, stored.gas, stored.state);
    for (const auto& attempt : stored.attempts) add_attempt(session, stored.job.id, attempt);
}

void Sender::Store::add_attempt(db::Session& session, const std::string& id,
                                const Attempt& attempt) const {
    session.run(
        "INSERT INTO sender_attempt (chain, account, id, hash, max_fee, tip, raw) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        chain_, account_, id, attempt.hash, attempt.fees.max_fee, attempt.fees.tip, attempt.raw);
}

void Sender::Store::move(db::Session& session, const StoredJob& stored) const {
    session.run("DELETE FROM sender_attempt WHERE chain = ? AND account = ? AND id = ?", chain_,
                account_, stored.job.id);
    session.run("UPDATE sender_job SET nonce = ? WHERE chain = ? AND account = ? AND id = ?",
                stored.nonce, chain_, account_, stored.job.id);
    for (const auto& attempt : stored.attempts) add_attempt(session, stored.job.id, attempt);
}

void Sender::Store::set_state(db::Session& session, const StoredJob& stored, bool final) const {
    const auto number = stored.block ? std::optional(stored.block->number) : std::nullopt;
    const auto hash = stored.block ? std::optional(stored.block->hash) : std::nullopt;
    session.run(
        "UPDATE sender_job SET state = ?, final = ?, included = ?, block = ?, "
        "block_hash = ? WHERE chain = ? AND account = ? AND id = ?",
        stored.state, final, stored.included, number, hash, chain_, account_, stored.job.id);
    if (final && stored.nonce >= kKeptNonces) {
        session.run(
            "DELETE FROM sender_attempt WHERE (chain, account, id) IN (SELECT chain, "
            "account, id FROM sender_job WHERE chain = ? AND account = ? AND nonce = ? "
            "AND final = 1)",
            chain_, account_, stored.nonce - kKeptNonces);
    }
}

void Sender::Store::reopen_above(db::Session& session, std::uint64_t keep) const {
    session.run(
        "UPDATE sender_job SET state = ?, final = 0, included = NULL, block = NULL, "
        "block_hash = NULL WHERE chain = ? AND account = ? AND block > ?",
        JobState::waiting, chain_, account_, keep);
}

void Sender::Store::reopen_from(db::Session& session, std::uint64_t nonce) const {
    session.run(
        "UPDATE sender_job SET state = ?, final = 0, included = NULL, block = NULL, "
        "block_hash = NULL WHERE chain = ? AND account = ? AND nonce >= ? AND included "
        "IS NOT NULL",
        JobState::waiting, chain_, account_, nonce);
}

}  // namespace stoa::chain
