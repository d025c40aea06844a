#pragma once

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/chain/deployment.hpp"
#include "stoa/chain/rpc.hpp"
#include "stoa/gateway/fields.hpp"

namespace stoa::gateway {

/// `/api/offers/{id}/prices`: what a licence costs now and why, what was announced, and what it
/// was sold for. Prices are the chain's answers, not computed here.
class PriceRoutes {
  public:
    PriceRoutes(catalogue::Catalogue&, const chain::Deployment&, chain::Rpc&);

    void add_to(Router&);

  private:
    Task<Answer> prices(Request&);
    Task<json::object> now(std::uint64_t offer, eth::Address token);
    Task<json::value> announced(std::uint64_t offer);

    catalogue::Catalogue& catalogue_;
    const chain::Deployment& deployment_;
    chain::Rpc& rpc_;
};

}  // namespace stoa::gateway
