#include "stoa/gateway/paid_offer.hpp"

#include "stoa/base/assert.hpp"
#include "stoa/base/error.hpp"

namespace stoa::gateway {
namespace {

io::Response empty_402() {
    io::Response response = io::json_response(402, "{}");
    response.headers.set("Cache-Control", "no-store");
    return response;
}

}  // namespace

PaidOffer offer_of(const ServedModel& served, const chain::Deployment& deployment,
                   const Amount& bound, std::string url) {
    const ServiceTerms& service = served.service.value();
    const chain::Token* token = deployment.token(service.token);
    STOA_ASSERT(token);
    PaidOffer offer;
    offer.least = bound;
    offer.price = service.price;
    payment::Requirements& channel = offer.channel;
    channel.scheme = payment::Scheme::batch_settlement;
    channel.network = payment::network_name(deployment.chain_id);
    channel.amount = bound;
    channel.asset = service.token;
    channel.pay_to = service.receiver;
    channel.max_timeout_seconds = kPaymentTimeout;
    channel.token_name = token->name;
    channel.token_version = token->version;
    offer.exact = channel;
    offer.exact.scheme = payment::Scheme::exact;
    offer.exact.payment_flow = "upfront";
    channel.receiver_authorizer = service.receiver_authorizer;
    channel.withdraw_delay_seconds = kWithdrawDelay;
    channel.min_deposit = Amount{kMinDeposit};
    offer.resource = {std::move(url), served.title.empty() ? served.alias : served.title,
                      "application/json"};
    return offer;
}

payment::Terms terms_of(const ServiceTerms& service) {
    return {service.receiver, service.receiver_authorizer, service.token, kWithdrawDelay};
}

io::Response payment_required(const PaidOffer& offer, std::string error) {
    payment::PaymentRequired required;
    required.error = std::move(error);
    required.resource = offer.resource;
    required.accepts = {offer.channel, offer.exact};
    io::Response response = empty_402();
    response.headers.set(payment::kPaymentRequiredHeader, payment::to_header(required));
    return response;
}

io::Response corrective(PaidOffer offer, std::string error, payment::ChannelSnapshot channel,
                        std::optional<payment::VoucherSnapshot> voucher) {
    offer.channel.channel_state = std::move(channel);
    offer.channel.voucher_state = std::move(voucher);
    return payment_required(offer, std::move(error));
}

io::Response payment_failed(const std::error_code& why, const std::string& network,
                            std::optional<eth::Address> payer) {
    payment::SettlementResponse failed;
    failed.success = false;
    failed.error_reason = std::string(code_of(why));
    failed.error_message = why.message();
    failed.network = network;
    failed.payer = payer;
    io::Response response = empty_402();
    response.headers.set(payment::kPaymentResponseHeader, payment::to_header(failed));
    if (why == payment::PaymentError::not_safe_yet) {
        response.headers.set("Retry-After", kRefundRetryAfter);
    }
    return response;
}

}  // namespace stoa::gateway
