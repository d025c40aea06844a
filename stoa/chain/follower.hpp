#pragma once

#include <functional>
#include <span>
#include <vector>

#include "stoa/chain/rpc.hpp"
#include "stoa/db/database.hpp"

namespace stoa::chain {

/// How far a chain has been followed. `safe` and `finalized` never pass `head`.
struct Heads {
    Header head;
    std::uint64_t safe = 0;
    std::uint64_t finalized = 0;
};

/// Who keeps tables that follow from a chain's logs. Calls come from one thread of the database
/// pool, inside the follower's transaction: a sink touches only `db::Session`, never its own memory
/// that requests read; for that it has `advanced`.
class LogSink {
  public:
    virtual ~LogSink() = default;

    /// The contracts whose logs it wants. Fixed for the life of the follower.
    virtual std::vector<eth::Address> contracts() const = 0;

    /// One block's logs in order (only blocks that have some). Blocks come in ascending order.
    virtual void apply(db::Session&, const Header&, std::span<const Log>) = 0;

    /// Takes back whatever blocks above `keep` have contributed: they are no part of the chain any
    /// more.
    virtual void undo(db::Session&, std::uint64_t keep) = 0;

    /// Empties its tables: the chain is another one than before.
    virtual void wipe(db::Session&) = 0;

    /// On the event loop, once the transaction is committed. `undone_to` is the fork when blocks
    /// were taken back.
    virtual void advanced(const Heads&, std::optional<std::uint64_t> undone_to) { (void)undone_to; }
};

}  // namespace stoa::chain
