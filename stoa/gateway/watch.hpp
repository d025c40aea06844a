#pragma once

#include "stoa/gateway/config.hpp"

namespace stoa::gateway {

/// `stoad --watch`: stands by beside a node, on the same data, and claims from payers who leave
/// while that node is dead. It reads the ledger, writes none of it, and keeps its own transactions
/// in `watch.sqlite`. Runs until SIGTERM or SIGINT; the exit status. Throws as run_node does.
int run_watch(Config);

}  // namespace stoa::gateway
