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
      receipts_(parts_.executor, parts_.clock, parts_.authorizer, parts_.channels.chain_id()),
      holds_(parts_.clock) {}

PaidOffer PaidDesk::offer(const ServedModel& served, const payment::Usage& most, std::string url) {
    const ServiceTerms& service = *served.service;
    const Amount bound = payment::price_bound(service.price, most);
    PaidOffer made = offer_of(served, parts_.deployment, bound, std::move(url));
    made.price = holds_.price_of(service, most);
    made.least = payment::price_bound(made.price, most);
    return made;
}

/// A call whose payment was read. The service is a copy: it changes while the call waits.
struct PaidDesk::Order {
    payment::PaymentPayload payment;
    eth::Address payer;
    ServiceTerms service;
    std::shared_ptr<inference::Engine> engine;
    payment::Receipt receipt;
};

Task<PaidDesk::Begun> PaidDesk::begin(const Request& request, const PaidOffer& offer,
                                      const ServedModel& served, Hash256 params) {
    auto order = read(request, offer, served, params);
    if (!order) co_return Begun(std::move(order.error()));
    Order& it = **order;
    auto bought =
        co_await cashier_.buy(offer, it.service, std::move(it.payment), it.receipt.request_hash);
    if (auto* response = std::get_if<io::Response>(&bought)) {
        co_return Begun(Answer(std::move(*response)));
    }
    auto purchase = std::move(std::get<std::unique_ptr<Purchase>>(bought));
    co_return Begun(call_of(it, std::move(purchase)));
}

tl::expected<std::unique_ptr<PaidDesk::Order>, Answer> PaidDesk::read(const Request& request,
                                                                      const PaidOffer& offer,
                                                                      const ServedModel& served,
                                                                      const Hash256& params) {
    auto payment = payment_of(request, offer);
    if (!payment) return tl::unexpected(std::move(payment.error()));
    const eth::Address payer = payer_of(*payment);
    if (const auto wait = failures_->wait(payer, served.service->id)) {
        return tl::unexpected(Answer(failed_too_often(*wait)));
    }
    auto order = std::make_unique<Order>(std::move(*payment), payer, *served.service, served.engine,
                                         receipt_before(served, hash_of(request), params));
    order->service.price = offer.price;  // Which may still be the one before.
    return order;
}

PaidCall PaidDesk::call_of(Order& order, std::unique_ptr<Purchase> purchase) {
    const payment::ChargeMeter meter(order.service.price, purchase->maximum());
    auto failed = [all = failures_, payer = order.payer, id = order.service.id] {
        all->failed(payer, id);
    };
    return {std::move(order.engine), meter,     std::move(purchase),      cashier_.answers(),
            std::move(failed),       receipts_, std::move(order.receipt), parts_.log};
}

}  // namespace stoa::gateway
