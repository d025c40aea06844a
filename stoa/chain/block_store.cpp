#include "stoa/chain/block_store.hpp"

#include <algorithm>

namespace stoa::chain {
namespace {

constexpr const char* kSteps[] = {R"(
CREATE TABLE chain_origin (
    chain INTEGER PRIMARY KEY, genesis BLOB NOT NULL, plan BLOB NOT NULL);
CREATE TABLE chain_block (
    chain INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (chain, number)) WITHOUT ROWID;
)"};

}  // namespace

BlockStore::BlockStore(std::uint64_t chain_id, std::size_t kept)
    : chain_id_(chain_id), kept_(kept) {}

void BlockStore::migrate(db::Session& session) {
    db::migrate(session, "chain_block", kSteps);
}

std::optional<BlockStore::Origin> BlockStore::origin(db::Session& session) const {
    const auto row = session.first<Hash256, Hash256>(
        "SELECT genesis, plan FROM chain_origin WHERE chain = ?", chain_id_);
    if (!row) return std::nullopt;
    return Origin{std::get<0>(*row), std::get<1>(*row)};
}

void BlockStore::start(db::Session& session, const Origin& origin) const {
    session.run("DELETE FROM chain_block WHERE chain = ?", chain_id_);
    session.run("INSERT OR REPLACE INTO chain_origin (chain, genesis, plan) VALUES (?, ?, ?)",
                chain_id_, origin.genesis, origin.plan);
}

std::optional<BlockId> BlockStore::head(db::Session& session) const {
    const auto row = session.first<std::uint64_t, Hash256>(
        "SELECT number, hash FROM chain_block WHERE chain = ? ORDER BY number DESC LIMIT 1",
        chain_id_);
    if (!row) return std::nullopt;
    return BlockId{std::get<0>(*row), std::get<1>(*row)};
}

std::vector<BlockId> BlockStore::newest(db::Session& session, std::uint64_t last,
                                        std::size_t count) const {
    std::vector<BlockId> blocks;
    for (auto rows = session.query("SELECT number, hash FROM chain_block WHERE chain = ? AND "
                                   "number <= ? ORDER BY number DESC LIMIT ?",
                                   chain_id_, last, count);
         rows.step();) {
        blocks.push_back({rows.get<std::uint64_t>(0), rows.get<Hash256>(1)});
    }
    return blocks;
}

void BlockStore::append(db::Session& session, std::span<const Header> headers) const {
    if (headers.empty()) return;
    // What this very call would forget again need not be written.
    for (const auto& header : headers.last(std::min(headers.size(), kept_))) {
        session.run("INSERT INTO chain_block (chain, number, hash) VALUES (?, ?, ?)", chain_id_,
                    header.id.number, header.id.hash);
    }
    const std::uint64_t newest = headers.back().id.number;
    if (newest >= kept_) {
        session.run("DELETE FROM chain_block WHERE chain = ? AND number <= ?", chain_id_,
                    newest - kept_);
    }
}

void BlockStore::drop_above(db::Session& session, std::uint64_t keep) const {
    session.run("DELETE FROM chain_block WHERE chain = ? AND number > ?", chain_id_, keep);
}

}  // namespace stoa::chain
