#pragma once

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/gateway/money_sheet.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::gateway {

/// `/api/money`: every unit of an address that this node or its chain knows of: where it is, why,
/// and until when. As JSON or CSV.
class MoneyRoutes {
  public:
    MoneyRoutes(const ledger::Ledger&, catalogue::Catalogue&, const chain::Deployment&, chain::Rpc&,
                const io::Clock&);

    void add_to(Router&);

  private:
    Task<Answer> money(Request&);
    Task<void> add_channels(MoneySheet&, eth::Address payer, std::optional<eth::Address> owner);
    Task<void> add_purses(MoneySheet&, eth::Address owner);

    const ledger::Ledger& ledger_;
    catalogue::Catalogue& catalogue_;
    const chain::Deployment& deployment_;
    chain::Rpc& rpc_;
    const io::Clock& clock_;
    relay::PurseReader purses_;
};

}  // namespace stoa::gateway
