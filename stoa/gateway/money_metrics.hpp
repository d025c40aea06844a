#pragma once

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/io/metrics.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::gateway {

/// Sets the gauges of money to what the ledger says now; amounts are in a token's whole units, as
/// metrics are floating-point numbers: they warn, they don't account.
void measure_money(io::Metrics&, const ledger::Ledger&, const chain::Sender&,
                   const chain::Deployment&, UnixTime now);

}  // namespace stoa::gateway
