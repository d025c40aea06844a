#pragma once

#include "stoa/gateway/paid_offer.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// What a call is known by when it comes again, and in its receipt: keccak256 of method, path and
/// body, with a line break between them.
Hash256 hash_of(const Request&);

/// The request's payment. Else the answer to it: 402 with `offer`, or 400 for what is no payment.
tl::expected<payment::PaymentPayload, Answer> payment_of(const Request&, const PaidOffer& offer);

}  // namespace stoa::gateway
