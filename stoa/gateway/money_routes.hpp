#pragma once

#include "stoa/gateway/money_reader.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// `/api/money`: every unit of an address that this node or its chain knows of: where it is, why,
/// until when, and how it is freed. As JSON or CSV.
class MoneyRoutes {
  public:
    explicit MoneyRoutes(MoneyParts parts) : parts_(std::move(parts)) {}

    void add_to(Router&);

  private:
    Task<Answer> money(Request&);

    MoneyParts parts_;
};

}  // namespace stoa::gateway
