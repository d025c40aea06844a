#pragma once

#include <cstdint>

#include "stoa/db/session.hpp"

namespace stoa::catalogue {

/// Makes or completes the tables.
void create_tables(db::Session&);

/// Says which block the changes that follow belong to. Every change of a derived table is recorded
/// with the statement that takes it back.
void begin_block(db::Session&, std::uint64_t block);

/// Notes an event of the feed that moves a channel's money, so that it is found again.
void add_move(db::Session&, std::uint64_t block, std::uint32_t number);

/// Takes back what blocks above `keep` changed.
void undo_above(db::Session&, std::uint64_t keep);

/// Forgets how to take back blocks up to `block`.
void make_final(db::Session&, std::uint64_t block);

void empty_tables(db::Session&);

}  // namespace stoa::catalogue
