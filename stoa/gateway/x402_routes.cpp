#include "stoa/gateway/x402_routes.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/paid_offer.hpp"
#include "stoa/gateway/paid_request.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

constexpr std::size_t kMaxBodyBytes = 64 * 1024;
constexpr std::size_t kMaxResources = 100;

/// What a payload came to, before it is JSON.
struct Verdict {
    std::optional<eth::Address> payer;
    std::optional<payment::ChannelSnapshot> channel;
    Result<void> valid;
};

struct Settled {
    std::optional<eth::Address> payer;
    std::optional<payment::ChannelSnapshot> channel;
    std::optional<Hash256> transaction;
    std::optional<Amount> amount;
    Result<void> done;
};

json::object to_json(const Verdict& verdict) {
    json::object out{{"isValid", verdict.valid.has_value()}};
    if (!verdict.valid) {
        out["invalidReason"] = code_of(verdict.valid.error());
        out["invalidMessage"] = verdict.valid.error().message();
    }
    if (verdict.payer) out["payer"] = eth::to_checksum(*verdict.payer);
    if (verdict.channel && verdict.valid) out["extra"] = payment::to_json(*verdict.channel);
    return out;
}

json::object to_json(const Settled& settled, const std::string& network) {
    payment::SettlementResponse out;
    out.success = settled.done.has_value();
    out.network = network;
    out.payer = settled.payer;
    out.transaction = settled.transaction;
    out.amount = settled.amount;
    out.channel_state = settled.channel;
    if (!settled.done) {
        out.error_reason = std::string(code_of(settled.done.error()));
        out.error_message = settled.done.error().message();
    }
    return payment::to_json(out);
}

}  // namespace

struct X402Routes::Impl {
    explicit Impl(PaidParts p) : parts(std::move(p)) {}

    std::string network() const { return payment::network_name(parts.deployment.chain_id); }
    const ServiceTerms* service(const eth::Address& receiver) const;
    Result<ServiceTerms> terms(const payment::ChannelConfig&) const;

    json::object supported() const;
    json::object resources(const Request&) const;
    Task<Answer> verify(Request&);
    Task<Answer> settle(Request&);
    Task<Verdict> verdict_of(payment::PaymentPayload);
    Task<Verdict> verdict_of_channel(payment::VoucherPayload, Amount deposit, bool is_refund);
    Task<Settled> settle_payload(payment::PaymentPayload);
    Task<Settled> deposit(payment::DepositPayload);
    Task<Settled> refund(payment::RefundPayload);
    Task<Settled> pay_out(payment::SettlePayload);

    PaidParts parts;
};

const ServiceTerms* X402Routes::Impl::service(const eth::Address& receiver) const {
    const auto& ever = parts.served.services_ever();
    const auto found = std::ranges::find(ever, receiver, &ServiceTerms::receiver);
    return found == ever.end() ? nullptr : &*found;
}

Result<ServiceTerms> X402Routes::Impl::terms(const payment::ChannelConfig& config) const {
    const ServiceTerms* found = service(config.receiver);
    if (!found) return fail(PaymentError::receiver_mismatch);
    STOA_CHECK(payment::check_config(config, terms_of(*found)));
    return *found;
}

json::object X402Routes::Impl::supported() const {
    // One-off payments (exact) are settled on the paid routes themselves.
    json::array kinds;
    kinds.push_back({{"x402Version", 2}, {"scheme", "batch-settlement"}, {"network", network()}});
    json::array signers(1, json::value(eth::to_checksum(parts.sender.address())));
    return {{"kinds", std::move(kinds)},
            {"extensions", json::array()},
            {"signers", {{"eip155:*", std::move(signers)}}}};
}

json::object X402Routes::Impl::resources(const Request& request) const {
    const auto number = [&](std::string_view name, std::size_t otherwise) {
        const auto given = request.query_parameter(name);
        const auto parsed = given ? parse_decimal(*given, 32) : fail(PaymentError::invalid_payload);
        return parsed ? static_cast<std::size_t>(*parsed) : otherwise;
    };
    const std::size_t limit = std::clamp<std::size_t>(number("limit", 20), 1, kMaxResources);
    const std::size_t offset = number("offset", 0);
    json::array items;
    std::size_t total = 0;
    for (const auto& model : parts.served.all()) {
        if (!model->is_open() || !parts.deployment.token(model->service->token)) continue;
        if (total++ < offset || items.size() >= limit) continue;
        const auto& info = model->engine->info();
        const char* path = info.chat        ? "/chat/completions"
                           : info.embedding ? "/embeddings"
                                            : "/completions";
        const PaidOffer offer =
            offer_of(*model, parts.deployment,
                     payment::price_bound(model->service->price, typical_usage(info)),
                     parts.url + "/m/" + model->alias + "/v1" + path);
        json::array accepts;
        accepts.push_back(payment::to_json(offer.channel));
        accepts.push_back(payment::to_json(offer.exact));
        items.push_back({{"resource", offer.resource.url},
                         {"type", "http"},
                         {"x402Version", 2},
                         {"accepts", std::move(accepts)},
                         {"lastUpdated", to_rfc3339(parts.clock.now())},
                         {"metadata", {{"description", offer.resource.description}}}});
    }
    return {{"x402Version", 2},
            {"items", std::move(items)},
            {"pagination", {{"limit", limit}, {"offset", offset}, {"total", total}}}};
}

/// The chain decides, as for any facilitator; the ledger only knows more.
Task<Verdict> X402Routes::Impl::verdict_of_channel(payment::VoucherPayload payload, Amount deposit,
                                                   bool is_refund) {
    Verdict verdict;
    verdict.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    const auto found = terms(payload.config);
    if (!found) {
        verdict.valid = fail(found.error());
        co_return verdict;
    }
    if (parts.channels.channel_id(payload.config) != id) {
        verdict.valid = fail(PaymentError::channel_id_mismatch);
        co_return verdict;
    }
    verdict.valid = payment::check_signature(parts.channels, payload.config, payload.voucher,
                                             payload.signature);
    if (!verdict.valid) co_return verdict;
    const auto state = co_await parts.mirror.reader().state(id);
    payment::ChannelSnapshot snapshot;
    snapshot.channel_id = id;
    snapshot.balance = state.balance;
    snapshot.total_claimed = state.claimed;
    snapshot.withdraw_requested_at = static_cast<std::uint64_t>(state.withdraw_requested_at);
    snapshot.refund_nonce = state.refund_nonce;
    verdict.channel = std::move(snapshot);
    const Amount& promised = payload.voucher.max_claimable;
    if (promised > state.balance + deposit) {
        verdict.valid = fail(PaymentError::cumulative_exceeds_balance);
    } else if (is_refund ? promised < state.claimed : promised <= state.claimed) {
        verdict.valid = fail(PaymentError::cumulative_below_claimed);
    }
    co_return verdict;
}

Task<Verdict> X402Routes::Impl::verdict_of(payment::PaymentPayload payment) {
    const auto now = static_cast<std::uint64_t>(unix_seconds(parts.clock.now()));
    if (payment.accepted.network != network()) {
        Verdict wrong;
        wrong.valid = fail(payment.accepted.scheme == payment::Scheme::exact
                               ? PaymentError::exact_network_mismatch
                               : PaymentError::network_mismatch);
        co_return wrong;
    }
    if (auto* deposit_of = std::get_if<payment::DepositPayload>(&payment.payload)) {
        const auto timely =
            payment::check_validity(deposit_of->valid_after, deposit_of->valid_before, now);
        const Amount amount = deposit_of->deposit;
        Verdict verdict = co_await verdict_of_channel(*deposit_of, amount, false);
        if (verdict.valid && !timely) verdict.valid = timely;
        if (verdict.valid && amount < Amount{kMinDeposit}) {
            verdict.valid = fail(PaymentError::deposit_below_minimum);
        }
        co_return verdict;
    }
    if (auto* refund_of = std::get_if<payment::RefundPayload>(&payment.payload)) {
        co_return co_await verdict_of_channel(*refund_of, Amount{}, true);
    }
    if (auto* voucher = std::get_if<payment::VoucherPayload>(&payment.payload)) {
        co_return co_await verdict_of_channel(*voucher, Amount{}, false);
    }
    Verdict other;
    other.valid = fail(PaymentError::payload_type);
    co_return other;
}

Task<Answer> X402Routes::Impl::verify(Request& request) {
    const auto body = Fields::parse(request.body);
    if (!body) co_return tl::unexpected(body.error());
    const auto* sent = body->raw().if_contains("paymentPayload");
    Verdict verdict;
    auto payment = sent ? payment::parse_payment(*sent)
                        : Result<payment::PaymentPayload>(fail(PaymentError::invalid_payload));
    if (payment) {
        verdict = co_await verdict_of(std::move(*payment));
    } else {
        verdict.valid = fail(payment.error());
    }
    co_return io::json_response(200, json::serialize(to_json(verdict)));
}

Task<Settled> X402Routes::Impl::deposit(payment::DepositPayload payload) {
    Settled out;
    out.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    const Amount amount = payload.deposit;
    ledger::SignedDeposit carried{amount, payload.valid_after, payload.valid_before, payload.salt,
                                  std::move(payload.authorization_signature)};
    const auto done =
        co_await parts.deposits.carry(id, std::move(payload.config), std::move(carried));
    if (!done) {
        out.done = fail(done.error());
        co_return out;
    }
    out.transaction = done->transaction;
    out.amount = amount;
    const auto state = co_await parts.mirror.reader().state(id);
    payment::ChannelSnapshot snapshot;
    snapshot.channel_id = id;
    snapshot.balance = state.balance;
    snapshot.total_claimed = state.claimed;
    snapshot.refund_nonce = state.refund_nonce;
    out.channel = std::move(snapshot);
    co_return out;
}

/// By the voucher of exactly what was charged here, as on a paid route.
Task<Settled> X402Routes::Impl::refund(payment::RefundPayload payload) {
    Settled out;
    out.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    const auto turn = co_await parts.ledger.turns().take(id, std::chrono::milliseconds(250));
    const ledger::Channel* channel = parts.ledger.book().find(id);
    if (!turn || !channel || channel->charged != payload.voucher.max_claimable) {
        out.done = fail(!turn      ? PaymentError::channel_busy
                        : !channel ? PaymentError::missing_channel
                                   : PaymentError::cumulative_mismatch);
        co_return out;
    }
    const auto refunded = co_await parts.settler.refund(*turn, payload.amount);
    if (!refunded) {
        out.done = fail(refunded.error());
        co_return out;
    }
    out.transaction = refunded->transaction;
    out.amount = refunded->amount;
    if (const auto* after = parts.ledger.book().find(id)) {
        out.channel = parts.ledger.snapshot_of(id, *after);
        out.channel->charged.reset();
    }
    co_return out;
}

Task<Settled> X402Routes::Impl::pay_out(payment::SettlePayload payload) {
    Settled out;
    if (!service(payload.receiver)) {
        out.done = fail(PaymentError::receiver_mismatch);
        co_return out;
    }
    const auto before = co_await parts.mirror.reader().receiver(payload.receiver, payload.token);
    if (before.claimed <= before.settled) {
        out.done = fail(PaymentError::nothing_to_settle);
        co_return out;
    }
    const auto settled = co_await parts.settler.settle_now(payload.receiver, payload.token);
    if (!settled) {
        out.done = fail(settled.error());
        co_return out;
    }
    out.transaction = *settled;
    out.amount = before.claimed - before.settled;
    co_return out;
}

Task<Settled> X402Routes::Impl::settle_payload(payment::PaymentPayload payment) {
    if (auto* paid_out = std::get_if<payment::SettlePayload>(&payment.payload)) {
        co_return co_await pay_out(*paid_out);
    }
    // Vouchers are charged where the call is served, and claims are made by the settler.
    const bool takes = std::holds_alternative<payment::DepositPayload>(payment.payload) ||
                       std::holds_alternative<payment::RefundPayload>(payment.payload);
    Settled refused;
    if (!takes) {
        refused.done = fail(PaymentError::payload_type);
        co_return refused;
    }
    const Verdict verdict = co_await verdict_of(payment);
    if (!verdict.valid) {
        refused.payer = verdict.payer;
        refused.done = verdict.valid;
        co_return refused;
    }
    if (auto* deposited = std::get_if<payment::DepositPayload>(&payment.payload)) {
        co_return co_await deposit(std::move(*deposited));
    }
    co_return co_await refund(std::move(std::get<payment::RefundPayload>(payment.payload)));
}

Task<Answer> X402Routes::Impl::settle(Request& request) {
    const auto body = Fields::parse(request.body);
    if (!body) co_return tl::unexpected(body.error());
    const auto* sent = body->raw().if_contains("paymentPayload");
    Settled settled;
    auto payment = sent ? payment::parse_payment(*sent)
                        : Result<payment::PaymentPayload>(fail(PaymentError::invalid_payload));
    if (payment) {
        settled = co_await settle_payload(std::move(*payment));
    } else {
        settled.done = fail(payment.error());
    }
    co_return io::json_response(200, json::serialize(to_json(settled, network())));
}

X402Routes::X402Routes(PaidParts parts) : impl_(std::make_shared<Impl>(std::move(parts))) {}

void X402Routes::add_to(Router& router) {
    const RouteOptions options{.max_body_bytes = kMaxBodyBytes, .any_origin = true};
    const auto impl = impl_;
    router.add("GET", "/x402/supported", options, [impl](Request&) -> Task<Answer> {
        co_return io::json_response(200, json::serialize(impl->supported()));
    });
    router.add("GET", "/discovery/resources", options, [impl](Request& request) -> Task<Answer> {
        co_return io::json_response(200, json::serialize(impl->resources(request)));
    });
    router.add("POST", "/x402/verify", options,
               [impl](Request& request) { return impl->verify(request); });
    router.add("POST", "/x402/settle", options,
               [impl](Request& request) { return impl->settle(request); });
}

}  // namespace stoa::gateway
