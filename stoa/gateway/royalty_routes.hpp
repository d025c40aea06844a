#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/market_routes.hpp"
#include "stoa/gateway/royalty_reader.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::gateway {

/// `/api/models/{id}/royalties`: who earns what of a model, through every level, and what a sale
/// would give each; and what `POST /api/relay` carries for those who are paid: `release`.
class RoyaltyRoutes {
  public:
    struct Parts {
        catalogue::Catalogue& catalogue;
        const chain::Deployment& deployment;
        chain::Rpc& rpc;
        MarketRoutes& market;
        relay::Relay& relay;
        const io::Clock& clock;
        std::function<void()> kick;  ///< A transaction of ours is included.
    };

    explicit RoyaltyRoutes(Parts parts)
        : parts_(std::move(parts)), reader_(parts_.catalogue, parts_.deployment, parts_.rpc) {}

    void add_to(Router&);
    /// Of the relay.
    Task<Answer> release(const Fields&);

  private:
    Task<Answer> royalties(Request&);
    Task<OrProblem<RoyaltyQuery>> query_of(std::string name, std::string token);

    Parts parts_;
    RoyaltyReader reader_;
};

}  // namespace stoa::gateway
