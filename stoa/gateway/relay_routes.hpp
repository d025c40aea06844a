#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/ledger/ledger.hpp"
#include "stoa/ledger/settler.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::gateway {

/// `/api/relay`: brings to the chain what wallets have signed, so that buyers need no gas.
class RelayRoutes {
  public:
    struct Parts {
        relay::Relay& relay;
        ledger::Ledger& ledger;
        ledger::Mirror& mirror;
        ledger::Settler& settler;
        const chain::Deployment& deployment;
        const ServedModels& served;
        const io::Clock& clock;
        std::function<void()> kick;  ///< A transaction of ours is included.
    };

    explicit RelayRoutes(Parts parts) : parts_(std::move(parts)) {}

    void add_to(Router&);

  private:
    Task<Answer> terms(Request&);
    Task<Answer> carry(Request&);
    Task<Answer> order(const Fields&);
    Task<Answer> deposit(const Fields&);
    Task<Answer> exit(const Fields&);
    Task<void> book(const relay::SignedDeposit&, const relay::DepositDone&);

    Parts parts_;
};

}  // namespace stoa::gateway
