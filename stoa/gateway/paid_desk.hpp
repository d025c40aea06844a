#pragma once

#include <memory>
#include <variant>

#include "stoa/gateway/paid_cashier.hpp"
#include "stoa/gateway/paid_failures.hpp"
#include "stoa/gateway/paid_hold.hpp"
#include "stoa/gateway/paid_run.hpp"

namespace stoa::gateway {

/// What paid calls of all kinds share: who takes the money, whose calls failed, and the receipts.
/// All routes of a node have the same one.
class PaidDesk {
  public:
    explicit PaidDesk(PaidParts);

    const PaidParts& parts() const { return parts_; }
    Cashier& cashier() { return cashier_; }
    Receipts& receipts() { return receipts_; }

    /// What a call of the model costs that takes at most `most`; `url` is the resource's.
    PaidOffer offer(const ServedModel&, const payment::Usage& most, std::string url);

    /// A call that is paid for; or else its answer.
    using Begun = std::variant<PaidCall, Answer>;

    /// Asks for the payment of a call of the model, or takes it. `params` is the receipt's hash.
    /// The offer is the caller's until it is told.
    Task<Begun> begin(const Request&, const PaidOffer&, const ServedModel&, Hash256 params = {});

  private:
    struct Order;
    tl::expected<std::unique_ptr<Order>, Answer> read(const Request&, const PaidOffer&,
                                                      const ServedModel&, const Hash256& params);
    /// Takes what it needs of the order.
    PaidCall call_of(Order&, std::unique_ptr<Purchase>);

    PaidParts parts_;
    Cashier cashier_;
    std::shared_ptr<EngineFailures> failures_;  ///< Streams may outlive the routes.
    Receipts receipts_;
    PriceHolds holds_;
};

}  // namespace stoa::gateway
