#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/chain/deployment.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/ledger/deposits.hpp"
#include "stoa/ledger/settler.hpp"

namespace stoa::gateway {

/// What a paid call touches, from the engine to the chain. All outlive the routes.
struct PaidParts {
    boost::asio::any_io_executor executor;
    const ServedModels& served;
    const chain::Deployment& deployment;
    const payment::ChannelDomain& channels;
    ledger::Ledger& ledger;
    ledger::Mirror& mirror;
    ledger::Deposits& deposits;
    ledger::Settler& settler;
    chain::Sender& sender;
    const keys::Signer& authorizer;  ///< Of the services' receivers; signs receipts.
    const io::Clock& clock;
    std::string url;  ///< Of this node, for `resource.url`.
    io::Log log{};
    /// How long a stream that is paid for in part waits for the next voucher.
    std::chrono::milliseconds voucher_wait{5'000};
};

class PaidDesk;

/// Inference for money, under `/v1` and `/m/{model}/v1`: models, chat/completions, completions,
/// embeddings; `/api/quote`; and `/x402/voucher`, by which buyers pay on for a stream. A call
/// without payment is told its price (402); a paid one is checked from cheap to dear, reserved on
/// disk, answered, and charged for what was delivered before its last byte leaves.
/// docs/reference/http.md has the routes, x402 the headers.
class PaidRoutes {
  public:
    explicit PaidRoutes(std::shared_ptr<PaidDesk>);
    ~PaidRoutes();

    void add_to(Router&);

    /// Once, when the sender runs: finds what became of payments that a crash interrupted.
    Task<void> resume();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::gateway
