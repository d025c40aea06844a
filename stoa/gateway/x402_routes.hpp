#pragma once

#include "stoa/gateway/facilitator.hpp"
#include "stoa/gateway/paid.hpp"

namespace stoa::gateway {

/// The x402 facilitator of this node, for the receivers of its own services and, where its operator
/// lists some, of others: `/x402/supported`, `verify` and `settle`, and `/discovery/resources`.
/// Strangers' gas is not ours to pay. Stock clients throw at any status but 200, so refusals are
/// answers too.
class X402Routes {
  public:
    /// `others` may be null.
    explicit X402Routes(PaidParts parts, std::shared_ptr<Facilitator> others = nullptr);

    void add_to(Router&);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::gateway
