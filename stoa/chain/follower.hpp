#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "stoa/chain/block_store.hpp"
#include "stoa/chain/rpc.hpp"
#include "stoa/db/database.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::chain {

/// How far a chain has been followed. `safe` and `finalized` never pass `head`.
struct Heads {
    Header head;
    std::uint64_t safe = 0;
    std::uint64_t finalized = 0;
};

/// A sink has forgotten how its tables were at a fork, which lies below what was final: a
/// development chain that was set back, or endpoints that lied. The chain is read again from the
/// start.
class CannotUndo : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Who keeps tables that follow from a chain's logs. `apply`, `undo` and `wipe` run on a thread of
/// the pool inside the follower's transaction: they touch only their `db::Session`. What requests
/// read from memory is changed in `advanced`.
class LogSink {
  public:
    virtual ~LogSink() = default;

    /// The contracts whose logs it wants. Asked once.
    virtual std::vector<eth::Address> contracts() const = 0;

    /// One block's logs of those contracts, in order; only blocks that have some, ascending.
    virtual void apply(db::Session&, const Header&, std::span<const Log>) = 0;

    /// Takes back what blocks above `keep` contributed: they are no part of the chain any more.
    /// Throws `CannotUndo`.
    virtual void undo(db::Session&, std::uint64_t keep) = 0;

    /// Empties its tables: the chain is another one than before.
    virtual void wipe(db::Session&) = 0;

    /// On the event loop, after the commit. `undone_to` is the fork when blocks were taken back.
    virtual void advanced(const Heads&, std::optional<std::uint64_t> undone_to) = 0;
};

struct FollowerConfig {
    std::uint64_t start_block = 0;  ///< Where the deployment begins.
    std::uint64_t max_blocks_at_once = 512;
    std::size_t logs_at_once = 4'000;  ///< Aimed at: ranges shrink where blocks are full.
    std::size_t kept_hashes = 4'096;   ///< A deeper reorg starts over.
    std::chrono::milliseconds poll{500};
    std::chrono::milliseconds max_backoff{15'000};
};

/// Follows one chain: logs by block hash or by ranges whose headers are checked as a chain. A reorg
/// is undone to the fork, and the first blocks of the new branch applied, in one transaction; a
/// chain with another genesis wipes the derived tables. Resumes where it was. One event loop.
class Follower {
  public:
    /// `pool` decodes what is long.
    Follower(Rpc& rpc, db::Database& database, io::Pool& pool, std::uint64_t chain_id,
             std::vector<LogSink*> sinks, FollowerConfig config = {}, io::Log log = {});

    /// One round: at most one range of blocks. True when there is more to do at once. Throws
    /// `RpcFailure` when the endpoints cannot be believed; nothing has changed then.
    Task<bool> step();

    /// Rounds until cancelled; waits longer after failures. A failure of the database passes.
    Task<void> run();

    /// Look now rather than at the next poll: a transaction of ours has been included.
    void kick();

    /// Nothing before the first round.
    const std::optional<Heads>& heads() const { return heads_; }
    bool is_at_head() const { return at_head_; }

  private:
    struct View;
    struct Range;

    Task<View> look();
    Task<void> check_origin(Hash256 genesis);
    Task<std::optional<BlockId>> fork_with(const View&);
    Task<Range> fetch(std::optional<BlockId> parent, const View&);
    Task<std::vector<Header>> headers(std::uint64_t first, std::uint64_t last);
    Task<std::vector<Log>> logs(std::span<const Header>);
    Task<std::vector<Log>> logs_by_hash(std::span<const Header>);
    Task<void> commit(Range, std::optional<std::uint64_t> undo_to, BlockId parent);
    static void apply(db::Session&, const Range&, LogSink&, const std::set<eth::Address>& wanted);
    Task<void> start_over(Hash256 genesis);
    void publish(const View&, std::optional<std::uint64_t> undone_to);
    void adapt(std::size_t blocks, std::size_t log_count);

    Rpc& rpc_;
    db::Database& database_;
    io::Pool& pool_;
    BlockStore store_;
    std::vector<LogSink*> sinks_;
    FollowerConfig config_;
    io::Log log_;
    std::vector<eth::Address> contracts_;
    std::vector<std::set<eth::Address>> wanted_;  ///< By each sink.
    std::uint64_t blocks_at_once_;
    std::optional<boost::asio::steady_timer> timer_;
    std::optional<BlockId> head_;
    Header head_header_;
    std::optional<Hash256> genesis_;
    std::optional<Heads> heads_;
    bool loaded_ = false;
    bool at_head_ = false;
    bool kicked_ = false;
};

}  // namespace stoa::chain
