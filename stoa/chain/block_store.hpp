#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stoa/chain/types.hpp"
#include "stoa/db/database.hpp"

namespace stoa::chain {

/// Which blocks of a chain a follower has read: their hashes, down to the depth of reorgs that it
/// can undo. The tables stand in the database of those that are derived from the blocks, and change
/// in the same transaction. Functions of a session; the object itself holds only constants.
class BlockStore {
  public:
    BlockStore(std::uint64_t chain_id, std::size_t kept);

    static void migrate(db::Session&);

    /// What the derived tables were made of.
    struct Origin {
        Hash256 genesis;
        Hash256 plan;  ///< Of the contracts followed and the first block.
        friend bool operator==(const Origin&, const Origin&) = default;
    };
    std::optional<Origin> origin(db::Session&) const;
    /// Forgets all blocks.
    void start(db::Session&, const Origin&) const;

    std::optional<BlockId> head(db::Session&) const;
    /// At most `count` blocks that end with the newest at or below `last`, newest first.
    std::vector<BlockId> newest(db::Session&, std::uint64_t last, std::size_t count) const;

    /// Consecutive blocks above the head. Forgets those that are too deep.
    void append(db::Session&, std::span<const Header>) const;
    void drop_above(db::Session&, std::uint64_t keep) const;

  private:
    std::uint64_t chain_id_;
    std::size_t kept_;
};

}  // namespace stoa::chain
