#pragma once

#include <chrono>

#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

// Calls that an engine didn't serve. Nothing was charged.

tl::unexpected<Problem> refuse_engine(const std::error_code&);
tl::unexpected<Problem> engine_failed();
/// The model failed this payer too often: 429.
tl::unexpected<Problem> failed_too_often(std::chrono::seconds wait);
/// The header isn't a payment: 400.
tl::unexpected<Problem> bad_payment(const std::error_code&);

}  // namespace stoa::gateway
