#include "stoa/gateway/relay_routes.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/paid_offer.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxBodyBytes = 32 * 1024;
constexpr std::chrono::seconds kTurnWait{5};

/// `STOA_TRY` for coroutines.
#define STOA_CO_TRY(name, expression)                                       \
    auto name##_or = (expression);                                          \
    if (!name##_or) co_return tl::unexpected(std::move(name##_or).error()); \
    auto name = *std::move(name##_or)

tl::unexpected<Problem> refused(const relay::Refusal& refusal) {
    std::string detail = refusal.detail;
    if (!refusal.revert.empty()) {
        detail += (detail.empty() ? "" : " ") + ("The contract says " + refusal.revert + ".");
    }
    return refuse(refusal.why, std::move(detail));
}

OrProblem<std::uint64_t> seconds_of(const Fields& fields, std::string_view name) {
    STOA_TRY(const U256 number, fields.number(name));
    if (number >> 63 != 0) {
        return refuse(GatewayError::invalid_field,
                      "\"" + std::string(name) + "\" must be Unix seconds.", std::string(name));
    }
    return static_cast<std::uint64_t>(number);
}

OrProblem<Amount> amount_of(const Fields& fields, std::string_view name) {
    STOA_TRY(const U256 number, fields.number(name));
    if (number >> payment::kAmountBits != 0) {
        return refuse(GatewayError::invalid_field,
                      "\"" + std::string(name) + "\" must be below 2^128.", std::string(name));
    }
    return Amount{number};
}

OrProblem<relay::Order> order_of(const Fields& fields) {
    STOA_TRY(const Fields order, fields.object("order"));
    STOA_CHECK(order.only({"offer", "termsDigest", "holder", "n", "token", "maxPrice", "deadline",
                           "hall", "relayFee", "salt"}));
    relay::Order it;
    STOA_TRY(it.offer, order.number("offer"));
    STOA_TRY(it.terms_digest, order.hash("termsDigest"));
    STOA_TRY(it.holder, order.address("holder"));
    STOA_TRY(it.n, order.number("n"));
    STOA_TRY(it.token, order.address("token"));
    STOA_TRY(it.max_price, amount_of(order, "maxPrice"));
    STOA_TRY(it.deadline, order.number("deadline"));
    STOA_TRY(it.hall, order.number("hall"));
    STOA_TRY(it.relay_fee, amount_of(order, "relayFee"));
    STOA_TRY(it.salt, order.hash("salt"));
    return it;
}

OrProblem<relay::SignedOrder> signed_order_of(const Fields& fields) {
    STOA_CHECK(fields.only({"kind", "order", "authorization", "permit", "orderSignature"}));
    relay::SignedOrder it;
    STOA_TRY(it.order, order_of(fields));
    if (fields.has("permit")) {
        STOA_TRY(const Fields permit, fields.object("permit"));
        relay::OrderPermit payment;
        STOA_TRY(payment.owner, permit.address("owner"));
        STOA_TRY(const U256 value, permit.number("value"));
        payment.value = Amount{value};
        STOA_TRY(payment.deadline, permit.number("deadline"));
        STOA_TRY(payment.signature, permit.bytes("signature", 65));
        STOA_TRY(payment.order_signature,
                 fields.bytes("orderSignature", payment::kMaxWalletSignatureBytes));
        it.payment = std::move(payment);
        return it;
    }
    STOA_TRY(const Fields authorization, fields.object("authorization"));
    relay::OrderAuthorization payment;
    STOA_TRY(payment.from, authorization.address("from"));
    STOA_TRY(payment.valid_after, seconds_of(authorization, "validAfter"));
    STOA_TRY(payment.valid_before, seconds_of(authorization, "validBefore"));
    STOA_TRY(payment.signature,
             authorization.bytes("signature", payment::kMaxWalletSignatureBytes));
    it.payment = std::move(payment);
    return it;
}

OrProblem<payment::ChannelConfig> config_of(const Fields& fields) {
    STOA_TRY(const Fields config, fields.object("channelConfig"));
    STOA_CHECK(config.only({"payer", "payerAuthorizer", "receiver", "receiverAuthorizer", "token",
                            "withdrawDelay", "salt"}));
    payment::ChannelConfig it;
    STOA_TRY(it.payer, config.address("payer"));
    STOA_TRY(it.payer_authorizer, config.address("payerAuthorizer"));
    STOA_TRY(it.receiver, config.address("receiver"));
    STOA_TRY(it.receiver_authorizer, config.address("receiverAuthorizer"));
    STOA_TRY(it.token, config.address("token"));
    STOA_TRY(it.withdraw_delay_seconds, seconds_of(config, "withdrawDelay"));
    STOA_TRY(it.salt, config.hash("salt"));
    return it;
}

OrProblem<relay::SignedDeposit> deposit_of(const Fields& fields) {
    STOA_CHECK(fields.only({"kind", "channelConfig", "deposit"}));
    relay::SignedDeposit it;
    STOA_TRY(it.config, config_of(fields));
    STOA_TRY(const Fields deposit, fields.object("deposit"));
    STOA_TRY(it.amount, amount_of(deposit, "amount"));
    STOA_TRY(const Fields authorization, deposit.object("authorization"));
    STOA_TRY(const Fields signed_by, authorization.object("erc3009Authorization"));
    STOA_TRY(it.valid_after, seconds_of(signed_by, "validAfter"));
    STOA_TRY(it.valid_before, seconds_of(signed_by, "validBefore"));
    if (signed_by.has("salt") && signed_by.raw().at("salt").is_string() &&
        signed_by.raw().at("salt").get_string().starts_with("0x")) {
        STOA_TRY(const Hash256 salt, signed_by.hash("salt"));
        it.salt = from_big_endian(salt.bytes);
    } else {
        STOA_TRY(it.salt, signed_by.number("salt"));
    }
    STOA_TRY(it.signature, signed_by.bytes("signature", payment::kMaxWalletSignatureBytes));
    return it;
}

json::object inclusion_json(const relay::Inclusion& done) {
    return {{"transaction", to_hex(done.transaction)}, {"block", done.block.number}};
}

Answer ok(const json::object& object) {
    return io::json_response(200, json::serialize(object));
}

}  // namespace

void RelayRoutes::add_to(Router& router) {
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
    co_return refuse(GatewayError::invalid_field,
                     "\"kind\" must be \"order\", \"deposit\" or \"exit\".", "kind");
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

Task<Answer> RelayRoutes::deposit(const Fields& fields) {
    STOA_CO_TRY(signed_deposit, deposit_of(fields));
    const auto& config = signed_deposit.config;
    const auto& services = parts_.served.services_ever();
    const auto service = std::ranges::find(services, config.receiver, &ServiceTerms::receiver);
    if (service == services.end()) {
        co_return refuse(payment::PaymentError::receiver_mismatch,
                         "The channel pays no service of this node.", "channelConfig.receiver");
    }
    const payment::Terms terms{service->receiver, service->receiver_authorizer, service->token,
                               kWithdrawDelay};
    if (const auto fits = payment::check_config(config, terms); !fits) {
        co_return refuse(fits.error(), {}, "channelConfig");
    }
    const auto done = co_await parts_.relay.deposit(signed_deposit);
    if (!done) co_return refused(done.error());
    co_await book(signed_deposit, *done);
    parts_.kick();
    json::object body = inclusion_json(*done);
    body["channelId"] = to_hex(done->channel_id);
    body["balance"] = text(done->balance);
    co_return ok(body);
}

/// The ledger learns of it now rather than when the follower does, and keeps the authorisation in
/// case a reorganisation takes it back.
Task<void> RelayRoutes::book(const relay::SignedDeposit& it, const relay::DepositDone& done) {
    auto& ledger = parts_.ledger;
    if (!ledger.book().deposit(done.channel_id, it.salt)) {
        ledger::SignedDeposit kept{it.amount, it.valid_after, it.valid_before, it.salt,
                                   it.signature};
        co_await ledger.deposit_accepted(done.channel_id, it.config, std::move(kept));
    }
    co_await ledger.deposit_included(done.channel_id, it.salt, done.transaction, done.block.number);
    if (ledger.book().find(done.channel_id)) {
        co_await parts_.mirror.refresh(done.channel_id);
    } else if (!ledger.is_full()) {
        auto state = co_await parts_.mirror.reader().state(done.channel_id);
        if (!ledger.book().find(done.channel_id)) {
            co_await ledger.open(done.channel_id, it.config, std::move(state));
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
    if (channel->charged > channel->chain.claimed && channel->signature) {
        it.earned = relay::Earned{channel->maximum, *channel->signature, channel->charged};
    }
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

#undef STOA_CO_TRY

}  // namespace stoa::gateway
