#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/paid.hpp"

namespace stoa::gateway {

/// `GET /discovery/resources`: what can be bought here, as x402 lists it; `limit`, `offset`.
json::object resources_json(const PaidParts&, const Request&);

}  // namespace stoa::gateway
