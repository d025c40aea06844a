#pragma once

#include <span>
#include <vector>

#include "stoa/chain/types.hpp"

namespace stoa::chain {

// What an endpoint says must at least agree with itself. All throw `RpcFailure` where it doesn't:
// endpoints lag, mix two views of a reorg, or lie, and asking again or elsewhere helps.

/// `headers` continue `parent` without a gap.
void check_continues(const BlockId& parent, std::span<const Header> headers);

/// `logs` are of `contracts`, in order, each of a block of `headers` (sorted by number) whose hash
/// and bloom filter admit it.
void check_logs(std::span<const Header> headers, std::span<const Log> logs,
                std::span<const eth::Address> contracts);

/// False: the block certainly has no log with these bytes as its address or one of its topics.
bool bloom_admits(const Header&, Bytes address_or_topic);

/// Blocks that have no log among `logs` although their filter admits one of `contracts`.
std::vector<BlockId> suspiciously_empty(std::span<const Header> headers, std::span<const Log> logs,
                                        std::span<const eth::Address> contracts);

}  // namespace stoa::chain
