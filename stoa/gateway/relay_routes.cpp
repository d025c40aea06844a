#include "stoa/gateway/relay_routes.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/paid_offer.hpp"
#include "stoa/gateway/relay_fields.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxBodyBytes = 32 * 1024;
constexpr std::chrono::seconds kTurnWait{5};

tl::unexpected<Problem> not_safe_yet() {
    Problem problem = problem_of(payment::PaymentError::not_safe_yet);
    problem.retry_after = kRefundRetryAfter;
    return tl::unexpected(std::move(problem));
}

/// The limits that a deposit may carry.
OrProblem<std::optional<LimitsDesk::Asked>> limits_of(const Fields& fields,
                                                      const Hash256& channel) {
    if (!fields.has("limits")) return std::nullopt;
    STOA_TRY(const Fields limits, fields.object("limits"));
    STOA_CHECK(limits.only({"perDay", "expires", "nonce", "signature"}));
    STOA_TRY(LimitsDesk::Asked asked, LimitsDesk::asked_of(limits, channel));
    return asked;
}

Answer ok(const json::object& object) {
    return io::json_response(200, json::serialize(object));
}

}  // namespace

void RelayRoutes::add_to(Router& router) {
    purses_.add_to(router);
    router.add("GET", "/api/relay", [this](Request& request) { return terms(request); });
    router.add("POST", "/api/relay", {.max_body_bytes = kMaxBodyBytes},
               [this](Request& request) { return carry(request); });
}

Task<Answer> RelayRoutes::terms(Request& request) {
    eth::Address token =
        parts_.deployment.tokens.empty() ? eth::kZeroAddress : parts_.deployment.tokens[0].address;
    if (const auto asked = request.query_parameter("token")) {
        const auto address = eth::parse_address_any_case(*asked);
        if (!address || !parts_.deployment.token(*address)) {
            co_return refuse(GatewayError::invalid_field,
                             "The parameter \"token\" must be a token of /api/deployment.",
                             "token");
        }
        token = *address;
    }
    const auto fees = co_await parts_.relay.fees(token);
    json::object body{{"address", text(parts_.relay.address())},
                      {"fees", json::object{{"order", text(fees.order)},
                                            {"deposit", text(fees.deposit)},
                                            {"exit", text(fees.exit)}}}};
    if (const auto asked = request.query_parameter("payer")) {
        const auto payer = eth::parse_address_any_case(*asked);
        if (!payer) {
            co_return refuse(GatewayError::invalid_field,
                             "The parameter \"payer\" must be an address.", "payer");
        }
        body["free"] = co_await parts_.relay.free_left(*payer);
    }
    co_return ok(body);
}

Task<Answer> RelayRoutes::carry(Request& request) {
    STOA_CO_TRY(fields, Fields::parse(request.body));
    STOA_CO_TRY(kind, fields.text("kind"));
    if (kind == "order") co_return co_await order(fields);
    if (kind == "deposit") co_return co_await deposit(fields);
    if (kind == "exit") co_return co_await exit(fields);
    if (kind == "release" && release_) co_return co_await release_(fields);
    if (kind.starts_with("purse_")) co_return co_await purses_.carry(kind, fields);
    co_return refuse(GatewayError::invalid_field,
                     "\"kind\" must be \"order\", \"deposit\", \"exit\", \"release\", "
                     "\"purse_fund\", \"purse_policy\", \"purse_revoke\" or \"purse_exit\".",
                     "kind");
}

Task<Answer> RelayRoutes::order(const Fields& fields) {
    STOA_CO_TRY(signed_order, signed_order_of(fields));
    const auto done = co_await parts_.relay.order(std::move(signed_order));
    if (!done) co_return refused(done.error());
    parts_.kick();
    json::object body = inclusion_json(*done);
    json::array licences;
    for (const auto& id : done->licences) licences.emplace_back(to_decimal(id));
    body["licences"] = std::move(licences);
    body["price"] = text(done->price);
    body["token"] = text(done->token);
    co_return ok(body);
}

/// The service of this node that such a channel pays.
OrProblem<ServiceTerms> RelayRoutes::paid_service(const payment::ChannelConfig& config) const {
    const auto& services = parts_.served.services_ever();
    const auto service = std::ranges::find(services, config.receiver, &ServiceTerms::receiver);
    if (service == services.end()) {
        return refuse(payment::PaymentError::receiver_mismatch,
                      "The channel pays no service of this node.", "channelConfig.receiver");
    }
    const payment::Terms terms{service->receiver, service->receiver_authorizer, service->token,
                               kWithdrawDelay};
    if (const auto fits = payment::check_config(config, terms); !fits) {
        return refuse(fits.error(), {}, "channelConfig");
    }
    return *service;
}

Task<Answer> RelayRoutes::deposit(const Fields& fields) {
    if (is_spend(fields)) co_return co_await spend(fields);
    STOA_CO_TRY(signed_deposit, deposit_of(fields));
    STOA_CO_TRY(service, paid_service(signed_deposit.config));
    const payment::ChannelConfig& config = signed_deposit.config;
    STOA_CO_TRY(limits, limits_of(fields, parts_.relay.channels().channel_id(config)));
    if (limits) {
        const auto allowed = co_await parts_.limits.check(*limits, config);
        if (!allowed) co_return tl::unexpected(allowed.error());
    }
    const auto done = co_await parts_.relay.deposit(signed_deposit);
    if (!done) co_return refused(done.error());
    co_await keep(signed_deposit, *done);
    co_await book(signed_deposit.config, *done);
    if (limits) {
        const auto set = co_await parts_.limits.set(std::move(*limits), config);
        if (!set) co_return tl::unexpected(set.error());
    }
    co_return deposited(*done);
}

Task<Answer> RelayRoutes::spend(const Fields& fields) {
    STOA_CO_TRY(signed_spend, spend_of(fields));
    const payment::ChannelConfig config = signed_spend.config;
    STOA_CO_TRY(service, paid_service(config));
    if (signed_spend.service != service.id) {
        co_return refuse(payment::PaymentError::receiver_mismatch,
                         "The channel pays another service than the deposit names.",
                         "deposit.authorization.purseSpend.service");
    }
    const auto done = co_await parts_.relay.purses().spend(std::move(signed_spend));
    if (!done) co_return refused(done.error());
    co_await book(config, *done);
    co_return deposited(*done);
}

Answer RelayRoutes::deposited(const relay::DepositDone& done) {
    parts_.kick();
    json::object body = inclusion_json(done);
    body["channelId"] = to_hex(done.channel_id);
    body["balance"] = text(done.balance);
    return ok(body);
}

/// In case a reorganisation takes it back.
Task<void> RelayRoutes::keep(const relay::SignedDeposit& it, const relay::DepositDone& done) {
    auto& ledger = parts_.ledger;
    if (!ledger.book().deposit(done.channel_id, it.salt)) {
        ledger::SignedDeposit kept{it.amount, it.valid_after, it.valid_before, it.salt,
                                   it.signature};
        co_await ledger.deposit_accepted(done.channel_id, it.config, std::move(kept));
    }
    co_await ledger.deposit_included(done.channel_id, it.salt, done.transaction, done.block.number);
}

/// The ledger learns of it now rather than when the follower does.
Task<void> RelayRoutes::book(payment::ChannelConfig config, relay::DepositDone done) {
    auto& ledger = parts_.ledger;
    if (ledger.book().find(done.channel_id)) {
        co_await parts_.mirror.refresh(done.channel_id);
    } else if (!ledger.is_full()) {
        auto state = co_await parts_.mirror.reader().state(done.channel_id);
        if (!ledger.book().find(done.channel_id)) {
            co_await ledger.open(done.channel_id, std::move(config), std::move(state));
        }
    }
}

Task<Answer> RelayRoutes::exit(const Fields& fields) {
    STOA_CO_TRY(asked, fields.object("refundRequest"));
    relay::Exit it;
    STOA_CO_TRY(channel_id, asked.hash("channelId"));
    STOA_CO_TRY(amount, amount_of(asked, "amount"));
    STOA_CO_TRY(nonce, asked.number("nonce"));
    STOA_CO_TRY(valid_before, seconds_of(asked, "validBefore"));
    STOA_CO_TRY(signature, fields.bytes("signature", payment::kMaxWalletSignatureBytes));
    it.request = {channel_id, amount, nonce, valid_before};
    it.signature = std::move(signature);

    // Nothing is charged while it leaves.
    const auto turn = co_await parts_.ledger.turns().take(channel_id, kTurnWait);
    if (!turn) co_return refuse(payment::PaymentError::channel_busy);
    if (parts_.ledger.book().find(channel_id)) co_await parts_.mirror.refresh(channel_id);
    const ledger::Channel* channel = parts_.ledger.book().find(channel_id);
    if (!channel) co_return refuse(payment::PaymentError::missing_channel);
    it.config = channel->config;
    it.state = {channel->chain.balance, channel->chain.claimed, channel->charged};
    const auto wanted = payment::refund_amount(
        it.state, amount == Amount{} ? std::nullopt : std::optional<Amount>(amount));
    if (wanted && !parts_.ledger.may_refund(channel_id, *channel, *wanted)) {
        co_return not_safe_yet();
    }
    if (channel->charged > channel->chain.claimed && channel->signature) {
        it.earned = relay::Earned{channel->maximum, *channel->signature, channel->charged};
    }
    it.sending = [this, channel_id, nonce](Amount refunded) {
        return parts_.ledger.refund_signed(channel_id, nonce, refunded);
    };
    const eth::Address receiver = it.config.receiver;
    const eth::Address token = it.config.token;
    const auto done = co_await parts_.relay.exit(std::move(it));
    if (!done) co_return refused(done.error());
    parts_.settler.settle_later(receiver, token);
    co_await parts_.mirror.refresh(channel_id);
    parts_.kick();
    json::object body = inclusion_json(*done);
    body["channelId"] = to_hex(done->channel_id);
    body["amount"] = text(done->amount);
    co_return ok(body);
}

}  // namespace stoa::gateway
