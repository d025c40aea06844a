#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/purse_routes.hpp"

namespace stoa::gateway {

/// `/api/relay`: brings to the chain what wallets have signed, so that buyers need no gas.
class RelayRoutes {
  public:
    using Parts = RelayParts;

    explicit RelayRoutes(Parts parts) : parts_(parts), purses_(std::move(parts)) {}

    void add_to(Router&);

    /// What carries the kind `release`.
    using Release = std::function<Task<Answer>(const Fields&)>;
    void set_release(Release release) { release_ = std::move(release); }

  private:
    Task<Answer> terms(Request&);
    Task<Answer> carry(Request&);
    Task<Answer> order(const Fields&);
    Task<Answer> deposit(const Fields&);
    Task<Answer> spend(const Fields&);
    Answer deposited(const relay::DepositDone&);
    Task<Answer> exit(const Fields&);
    OrProblem<ServiceTerms> paid_service(const payment::ChannelConfig&) const;
    Task<void> keep(const relay::SignedDeposit&, const relay::DepositDone&);
    Task<void> book(payment::ChannelConfig, relay::DepositDone);

    Parts parts_;
    PurseRoutes purses_;
    Release release_;
};

}  // namespace stoa::gateway
