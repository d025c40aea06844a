#pragma once

#include "stoa/chain/deployment.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/io/http.hpp"
#include "stoa/payment/check.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway {

/// The delay that this node asks of channels that pay it, in seconds.
inline constexpr std::uint64_t kWithdrawDelay = 3600;
inline constexpr std::uint64_t kPaymentTimeout = 600;
/// Several times what a deposit, a claim, a settlement and a refund cost, in a token's unit.
inline constexpr std::uint64_t kMinDeposit = 100'000;

/// Seconds after which a refund that was not safe yet may be asked for again.
inline constexpr const char* kRefundRetryAfter = "15";

/// What a call costs at most, and how it may be paid: by channel first, because stock clients take
/// the first entry that they can pay.
struct PaidOffer {
    payment::Requirements channel;
    payment::Requirements exact;
    payment::Resource resource;
    // The price before, for a minute after a rise:
    Amount least;          ///< What is accepted still.
    payment::Price price;  ///< At which it is charged.
};

/// `url` is the resource's. The token must be of the deployment.
PaidOffer offer_of(const ServedModel&, const chain::Deployment&, const Amount& bound,
                   std::string url);

payment::Terms terms_of(const ServiceTerms&);

/// 402 with PAYMENT-REQUIRED. `error` is a refusal's code, or "Payment required".
io::Response payment_required(const PaidOffer&, std::string error);

/// The same for a buyer whose total differs from ours, with what it needs to correct itself.
io::Response corrective(PaidOffer, std::string error, payment::ChannelSnapshot,
                        std::optional<payment::VoucherSnapshot>);

/// 402 with PAYMENT-RESPONSE: the payment itself failed.
io::Response payment_failed(const std::error_code&, const std::string& network,
                            std::optional<eth::Address> payer);

}  // namespace stoa::gateway
