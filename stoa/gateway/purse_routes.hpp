#pragma once

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/limits_routes.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/ledger/ledger.hpp"
#include "stoa/ledger/settler.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::gateway {

/// What `/api/relay` and `/api/purse` work with.
struct RelayParts {
    relay::Relay& relay;
    ledger::Ledger& ledger;
    ledger::Mirror& mirror;
    ledger::Settler& settler;
    const chain::Deployment& deployment;
    catalogue::Catalogue& catalogue;
    const ServedModels& served;
    const io::Clock& clock;
    LimitsDesk& limits;
    std::function<void()> kick;  ///< A transaction of ours is included.
};

/// `GET /api/purse`, and what `POST /api/relay` carries for the owners of purses.
class PurseRoutes {
  public:
    explicit PurseRoutes(RelayParts parts) : parts_(std::move(parts)) {}

    void add_to(Router&);

    /// A body of one of the kinds that begin with `purse_`.
    Task<Answer> carry(std::string kind, const Fields&);

  private:
    Task<Answer> show(Request&);
    Task<json::array> channels_of(eth::Address purse, std::optional<eth::Address> key);
    Task<Answer> fund(const Fields&);
    Task<Answer> set_policy(const Fields&);
    Task<Answer> revoke(const Fields&);
    Task<Answer> exit(const Fields&);
    Answer done(const relay::PurseDone&);
    Task<OrProblem<std::vector<payment::ChannelConfig>>> take_in(
        eth::Address purse, std::vector<payment::ChannelConfig> given);
    enum class Home { yes, later, no };
    Task<Home> refund(ledger::ChannelId, io::Duration wait);

    RelayParts parts_;
};

}  // namespace stoa::gateway
