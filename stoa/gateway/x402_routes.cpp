#include "stoa/gateway/x402_routes.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/discovery.hpp"
#include "stoa/gateway/paid_offer.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

constexpr std::size_t kMaxBodyBytes = 256 * 1024;  // A claim of a hundred rows.

/// Whom a payload pays; nothing where it names nobody.
std::optional<eth::Address> receiver_of(const payment::PaymentPayload& payment) {
    return std::visit(
        []<class P>(const P& payload) -> std::optional<eth::Address> {
            if constexpr (requires { payload.config; }) {
                return payload.config.receiver;
            } else if constexpr (requires { payload.authorization; }) {
                return payload.authorization.to;
            } else if constexpr (requires { payload.claims; }) {
                if (payload.claims.empty()) return std::nullopt;
                return payload.claims.front().config.receiver;
            } else {
                return payload.receiver;
            }
        },
        payment.payload);
}

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
    Impl(PaidParts p, std::shared_ptr<Facilitator> o) : parts(std::move(p)), others(std::move(o)) {}

    std::string network() const { return payment::network_name(parts.deployment.chain_id); }
    const ServiceTerms* service(const eth::Address& receiver) const;
    Result<ServiceTerms> terms(const payment::ChannelConfig&) const;

    json::object supported() const;
    Task<Answer> verify(Request&);
    Task<Answer> settle(Request&);
    Task<Verdict> verdict_of(payment::PaymentPayload);
    Task<Verdict> verdict_of_channel(payment::VoucherPayload, Amount deposit, bool is_refund);
    Task<Settled> settle_payload(payment::PaymentPayload);
    Task<Settled> deposit(payment::DepositPayload);
    Task<Settled> refund(payment::RefundPayload);
    Task<Settled> pay_out(payment::SettlePayload);

    /// What both routes are sent.
    struct Sent {
        payment::PaymentPayload payment;
        payment::Requirements wanted;  ///< Only where it is for others.
        bool for_others = false;
    };
    Result<Sent> sent(const Fields&) const;

    PaidParts parts;
    std::shared_ptr<Facilitator> others;
};

Result<X402Routes::Impl::Sent> X402Routes::Impl::sent(const Fields& body) const {
    const auto* payment = body.raw().if_contains("paymentPayload");
    if (!payment) return fail(PaymentError::invalid_payload);
    STOA_TRY(auto parsed, payment::parse_payment(*payment));
    Sent out{std::move(parsed), {}, false};
    if (out.payment.accepted.network != network()) {
        return fail(out.payment.accepted.scheme == payment::Scheme::exact
                        ? PaymentError::exact_network_mismatch
                        : PaymentError::network_mismatch);
    }
    const auto receiver = receiver_of(out.payment);
    out.for_others = others && receiver && !service(*receiver);
    if (!out.for_others) return out;
    const auto* wanted = body.raw().if_contains("paymentRequirements");
    if (!wanted) return fail(PaymentError::invalid_payload);
    STOA_TRY(out.wanted, payment::parse_requirements(*wanted));
    if (out.wanted.network != network()) return fail(PaymentError::network_mismatch);
    return out;
}

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
    json::array kinds;
    const auto add = [&](const char* scheme) {
        kinds.push_back({{"x402Version", 2}, {"scheme", scheme}, {"network", network()}});
    };
    add("batch-settlement");
    // Our own one-off payments are settled on the paid routes themselves.
    if (others) add("exact");
    json::array signers(1, json::value(eth::to_checksum(parts.sender.address())));
    json::object out{{"kinds", std::move(kinds)},
                     {"extensions", json::array()},
                     {"signers", {{"eip155:*", std::move(signers)}}}};
    if (!others) return out;
    json::array receivers;
    json::array tokens;
    for (const auto& it : others->receivers()) receivers.emplace_back(eth::to_checksum(it));
    for (const auto& it : others->tokens()) tokens.emplace_back(eth::to_checksum(it));
    out["facilitator"] = {{"receivers", std::move(receivers)},
                          {"tokens", std::move(tokens)},
                          {"perDay", others->settings().per_day},
                          {"gasPerDay", to_decimal(others->settings().gas_per_day)}};
    return out;
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
    verdict.channel = snapshot_on_chain(id, state);
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
    auto asked = sent(*body);
    Verdict verdict;
    try {
        if (!asked) {
            verdict.valid = fail(asked.error());
        } else if (asked->for_others) {
            verdict = co_await others->verify(std::move(asked->payment), std::move(asked->wanted));
        } else {
            verdict = co_await verdict_of(std::move(asked->payment));
        }
    } catch (const chain::RpcFailure& failure) {
        parts.log.warning("a payment can't be verified", {{"why", failure.what()}});
        verdict.valid = fail(PaymentError::rpc_read_failed);
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
    out.channel = snapshot_on_chain(id, state);
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
    auto asked = sent(*body);
    Settled settled;
    try {
        if (!asked) {
            settled.done = fail(asked.error());
        } else if (asked->for_others) {
            settled = co_await others->settle(std::move(asked->payment), std::move(asked->wanted));
        } else {
            settled = co_await settle_payload(std::move(asked->payment));
        }
    } catch (const chain::RpcFailure& failure) {
        parts.log.warning("a payment can't be settled", {{"why", failure.what()}});
        settled.done = fail(PaymentError::rpc_read_failed);
    }
    co_return io::json_response(200, json::serialize(to_json(settled, network())));
}

X402Routes::X402Routes(PaidParts parts, std::shared_ptr<Facilitator> others)
    : impl_(std::make_shared<Impl>(std::move(parts), std::move(others))) {}

void X402Routes::add_to(Router& router) {
    const RouteOptions options{.max_body_bytes = kMaxBodyBytes, .any_origin = true};
    const auto impl = impl_;
    router.add("GET", "/x402/supported", options, [impl](Request&) -> Task<Answer> {
        co_return io::json_response(200, json::serialize(impl->supported()));
    });
    router.add("GET", "/discovery/resources", options, [impl](Request& request) -> Task<Answer> {
        co_return io::json_response(200, json::serialize(resources_json(impl->parts, request)));
    });
    router.add("POST", "/x402/verify", options,
               [impl](Request& request) { return impl->verify(request); });
    router.add("POST", "/x402/settle", options,
               [impl](Request& request) { return impl->settle(request); });
}

}  // namespace stoa::gateway
