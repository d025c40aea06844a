#pragma once

#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

// Calls that an engine didn't serve. Nothing was charged.

tl::unexpected<Problem> refuse_engine(const std::error_code&);
tl::unexpected<Problem> engine_failed();
/// The header isn't a payment: 400.
tl::unexpected<Problem> bad_payment(const std::error_code&);

}  // namespace stoa::gateway
