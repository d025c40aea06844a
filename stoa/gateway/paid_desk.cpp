#include "stoa/gateway/paid_desk.hpp"

#include "stoa/gateway/paid_header.hpp"
#include "stoa/gateway/paid_refusal.hpp"

namespace stoa::gateway {
namespace {

eth::Address payer_of(const payment::PaymentPayload& payment) {
    return std::visit(
        []<class P>([[maybe_unused]] const P& payload) -> eth::Address {
            if constexpr (requires { payload.config; }) return payload.config.payer;
            if constexpr (requires { payload.authorization; }) return payload.authorization.from;
            return {};
        },
        payment.payload);
}

/// What a receipt can say before the engine has begun.
payment::Receipt receipt_before(const ServedModel& served, const Hash256& request,
                                const Hash256& params) {
    payment::Receipt receipt;
    receipt.service = served.service->id;
    receipt.version = served.version;
    receipt.weights_digest = served.weights;
    receipt.engine_digest = served.engine->info().engine_digest;
    receipt.request_hash = request;
    receipt.params_hash = params;
    return receipt;
}

}  // namespace

PaidDesk::PaidDesk(PaidParts parts)
    : parts_(std::move(parts)),
      cashier_(parts_),
      failures_(std::make_shared<EngineFailures>(parts_.clock)),
      receipts_(parts_.executor, parts_.clock, parts_.authorizer, parts_.channels.chain_id()) {}

Task<PaidDesk::Begun> PaidDesk::begin(const Request& request, PaidOffer offer,
                                      const ServedModel& served, Hash256 params) {
    auto payment = payment_of(request, offer);
    if (!payment) co_return Begun(std::move(payment.error()));
    const ServiceTerms service = *served.service;  // It changes while this waits.
    const auto engine = served.engine;
    const eth::Address payer = payer_of(*payment);
    if (const auto wait = failures_->wait(payer, service.id)) {
        co_return Begun(Answer(failed_too_often(*wait)));
    }
    payment::Receipt receipt = receipt_before(served, hash_of(request), params);
    auto bought = co_await cashier_.buy(offer, service, std::move(*payment), receipt.request_hash);
    if (auto* response = std::get_if<io::Response>(&bought)) {
        co_return Begun(Answer(std::move(*response)));
    }
    auto purchase = std::move(std::get<std::unique_ptr<Purchase>>(bought));
    payment::ChargeMeter meter(service.price, purchase->maximum());
    auto failed = [all = failures_, payer, id = service.id] { all->failed(payer, id); };
    PaidCall call{engine,
                  meter,
                  std::move(purchase),
                  cashier_.answers(),
                  std::move(failed),
                  receipts_,
                  std::move(receipt),
                  parts_.log};
    co_return Begun(std::move(call));
}

}  // namespace stoa::gateway
