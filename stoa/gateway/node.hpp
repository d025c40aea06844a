// A whole node: every object is built here, in the order of the layers, and handed to those above.
#pragma once

#include "stoa/gateway/config.hpp"

namespace stoa::gateway {

/// Runs the node until SIGINT or SIGTERM, or until its ledger's disk fails. Returns the process's
/// exit status; throws what keeps it from starting, with a sentence for people.
///
/// `data/`: keys/, chain/ (embedded), ledger.sqlite and operator.sqlite (original), market.sqlite
/// (derived from the chain, and the manifests), run/ (stoad.pid, url, admin.sock), log/.
int run_node(Config config);

}  // namespace stoa::gateway
