#pragma once

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// `/api/deployment`: which chain, which contracts, which tokens; and on development chains
/// `/api/faucet`, which mints play money and pays the gas for it.
class ChainRoutes {
  public:
    /// `kick` is told when a transaction of ours is included.
    ChainRoutes(const chain::Deployment&, chain::Rpc&, chain::Sender&, std::function<void()> kick);

    void add_to(Router&);

  private:
    Task<Answer> faucet(Request&);

    const chain::Deployment& deployment_;
    chain::Rpc& rpc_;
    chain::Sender& sender_;
    std::function<void()> kick_;
};

}  // namespace stoa::gateway
