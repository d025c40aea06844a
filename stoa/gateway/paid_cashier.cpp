#include "stoa/gateway/paid_cashier.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/limits_routes.hpp"
#include "stoa/gateway/paid_header.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

io::Response replay(PaidAnswer answer) {
    io::Response response;
    response.headers = std::move(answer.headers);
    response.body = std::move(answer.body);
    return response;
}

Task<Cashier::Bought> answered(io::Response response) {
    co_return Cashier::Bought(std::move(response));
}

std::uint64_t seconds(const io::Clock& clock) {
    return static_cast<std::uint64_t>(unix_seconds(clock.now()));
}

}  // namespace

/// Not a coroutine itself: its frame would hold a payment of each kind, on every call's way.
Task<Cashier::Bought> Cashier::buy(const PaidOffer& offer, const ServiceTerms& service,
                                   payment::PaymentPayload&& payment, const Hash256& request) {
    const bool exact = payment.accepted.scheme == payment::Scheme::exact;
    const payment::Requirements& offered = exact ? offer.exact : offer.channel;
    if (auto* refund_of = std::get_if<payment::RefundPayload>(&payment.payload)) {
        return refund(offer, service, std::move(*refund_of));
    }
    const Amount& least = offered.least_amount.value_or(offer.least);
    if (!payment::accepts(payment.accepted, offered) || payment.accepted.amount < least) {
        return answered(refused(offer, PaymentError::no_matching_requirements));
    }
    const Amount amount = payment.accepted.amount;
    if (auto* deposit_of = std::get_if<payment::DepositPayload>(&payment.payload)) {
        payment::VoucherPayload voucher = *deposit_of;
        return by_channel(offer, service, std::move(voucher),
                          std::make_unique<payment::DepositPayload>(std::move(*deposit_of)), amount,
                          request);
    }
    if (auto* voucher = std::get_if<payment::VoucherPayload>(&payment.payload)) {
        return by_channel(offer, service, std::move(*voucher), nullptr, amount, request);
    }
    if (auto* authorized = std::get_if<payment::ExactPayload>(&payment.payload)) {
        PaidOffer at = offer;
        at.exact.amount = amount;
        return by_transfer(std::move(at), std::move(*authorized), request);
    }
    return answered(refused(offer, PaymentError::payload_type));
}

Result<void> Cashier::check(const ServiceTerms& service,
                            const payment::VoucherPayload& payload) const {
    const ledger::Channel* known = parts_.ledger.book().find(payload.voucher.channel_id);
    const bool same =
        known ? known->config == payload.config
              : parts_.channels.channel_id(payload.config) == payload.voucher.channel_id;
    if (!same) return fail(PaymentError::channel_id_mismatch);
    STOA_CHECK(payment::check_config(payload.config, terms_of(service)));
    return payment::check_signature(parts_.channels, payload.config, payload.voucher,
                                    payload.signature);
}

Task<Answer> Cashier::look(const PaidOffer& offer, const ServiceTerms& service,
                           const Request& request) {
    auto payment = payment_of(request, offer);
    if (!payment) co_return std::move(payment.error());
    if (!std::holds_alternative<payment::RefundPayload>(payment->payload)) {
        co_return payment_required(
            offer, std::string(code_of(make_error_code(payment::PaymentError::payload_type))));
    }
    const Hash256 hash = hash_of(request);
    auto bought = co_await buy(offer, service, std::move(*payment), hash);
    co_return std::move(std::get<io::Response>(bought));
}

Task<Cashier::Bought> Cashier::by_channel(const PaidOffer& offer, const ServiceTerms& service,
                                          payment::VoucherPayload payload,
                                          std::unique_ptr<payment::DepositPayload> with_deposit,
                                          Amount amount, Hash256 request) {
    const auto checked = check(service, payload);
    if (!checked) co_return refused(offer, checked.error());
    const ledger::ChannelId id = payload.voucher.channel_id;

    // A retry is not an error of sums: what was charged may already stand in the total.
    const PaidAnswers::Key key =
        eth::struct_hash(id, {eth::word(payload.voucher.max_claimable), eth::Word{request}});
    if (answers_.knows(key)) {
        auto kept = co_await answers_.find(key, kSameWait);
        if (kept) co_return replay(std::move(*kept));
    }

    auto turn = co_await parts_.ledger.turns().take(id, kBusyWait);
    if (!turn) co_return refused(offer, PaymentError::channel_busy);
    if (const auto allowed = parts_.ledger.check_limits(id, amount); !allowed) {
        co_return limits_refusal(allowed.error(), parts_.clock.now());
    }
    std::optional<ChannelPurchase::Deposit> deposited;
    if (with_deposit) {
        auto done = co_await deposit(*with_deposit, amount);
        if (!done) co_return refused(offer, done.error(), id);
        deposited = std::move(*done);
    }
    if (!parts_.ledger.book().find(id)) {
        const auto opened = co_await open_channel(payload);
        if (!opened) co_return refused(offer, opened.error());
    }
    const ledger::Channel& channel = *parts_.ledger.book().find(id);
    const auto total =
        payment::check_total(payload.voucher, parts_.ledger.state_of(id, channel), amount);
    if (!total) co_return refused(offer, total.error(), id);

    ledger::Reservation reservation{payload.voucher, payload.signature, amount, request};
    PaidAnswers::Running running(answers_, key);
    auto purchase = std::make_unique<ChannelPurchase>(std::move(running), key, amount,
                                                      parts_.ledger, std::move(*turn),
                                                      offer.channel.network, std::move(deposited));
    co_await parts_.ledger.reserve(std::move(reservation));
    co_return std::unique_ptr<Purchase>(std::move(purchase));
}

Task<Result<void>> Cashier::open_channel(const payment::VoucherPayload& payload) {
    const ledger::ChannelId id = payload.voucher.channel_id;
    if (parts_.ledger.is_full()) co_return fail(PaymentError::state_unavailable);
    auto state = co_await parts_.mirror.reader().state(id);
    if (state.balance == Amount{}) co_return fail(PaymentError::channel_not_found);
    co_await parts_.ledger.open(id, payload.config, std::move(state));
    co_return Result<void>{};
}

Task<Result<ChannelPurchase::Deposit>> Cashier::deposit(const payment::DepositPayload& payload,
                                                        Amount amount) {
    const ledger::ChannelId id = payload.voucher.channel_id;
    const auto valid =
        payment::check_validity(payload.valid_after, payload.valid_before, seconds(parts_.clock));
    if (!valid) co_return fail(valid.error());
    if (payload.deposit < Amount{kMinDeposit}) co_return fail(PaymentError::deposit_below_minimum);

    // The sum before the transaction: nobody's deposit is taken for a call that is then refused.
    payment::ChannelState state;
    if (const auto* channel = parts_.ledger.book().find(id)) {
        state = parts_.ledger.state_of(id, *channel);
    } else {
        const auto chain = co_await parts_.mirror.reader().state(id);
        state = {chain.balance, chain.claimed, chain.claimed};
    }
    state.balance += payload.deposit;
    const auto total = payment::check_total(payload.voucher, state, amount);
    if (!total) co_return fail(total.error());

    ledger::SignedDeposit signed_deposit{payload.deposit, payload.valid_after, payload.valid_before,
                                         payload.salt, payload.authorization_signature};
    const auto done = co_await parts_.deposits.carry(id, payload.config, std::move(signed_deposit));
    if (!done) co_return fail(done.error());
    co_return ChannelPurchase::Deposit{done->transaction, payload.deposit};
}

Task<Cashier::Bought> Cashier::refund(const PaidOffer& offer, const ServiceTerms& service,
                                      payment::RefundPayload payload) {
    const auto checked = check(service, payload);
    if (!checked) co_return refused(offer, checked.error());
    const ledger::ChannelId id = payload.voucher.channel_id;
    const auto turn = co_await parts_.ledger.turns().take(id, kBusyWait);
    if (!turn) co_return refused(offer, PaymentError::channel_busy);
    if (!parts_.ledger.book().find(id)) {
        const auto opened = co_await open_channel(payload);
        if (!opened) co_return refused(offer, opened.error());
    }
    const ledger::Channel& channel = *parts_.ledger.book().find(id);
    if (payload.voucher.max_claimable != channel.charged) {
        co_return refused(offer, PaymentError::cumulative_mismatch, id);
    }
    const auto payer = channel.config.payer;
    const auto refunded = co_await parts_.settler.refund(*turn, payload.amount);
    if (!refunded) co_return payment_failed(refunded.error(), offer.channel.network, payer);

    payment::SettlementResponse settled;
    settled.network = offer.channel.network;
    settled.payer = payer;
    settled.transaction = refunded->transaction;
    settled.amount = refunded->amount;
    if (const auto* after = parts_.ledger.book().find(id)) {
        settled.channel_state = parts_.ledger.snapshot_of(id, *after);
    }
    io::Response response = io::json_response(
        200, R"({"message":"Refund acknowledged","channelId":")" + to_hex(id) + "\"}");
    response.headers.set("Cache-Control", "private");
    response.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
    co_return response;
}

/// With the state of `id` where the buyer can correct itself; its signature was checked.
io::Response Cashier::refused(const PaidOffer& offer, const std::error_code& why,
                              const ledger::ChannelId& id) const {
    std::string code(code_of(why));
    const ledger::Channel* channel = parts_.ledger.book().find(id);
    if (channel && (why == PaymentError::cumulative_mismatch ||
                    why == PaymentError::cumulative_below_claimed)) {
        std::optional<payment::VoucherSnapshot> voucher;
        if (channel->signature) voucher = {channel->maximum, *channel->signature};
        return corrective(offer, std::move(code), parts_.ledger.snapshot_of(id, *channel),
                          std::move(voucher));
    }
    io::Response response = payment_required(offer, std::move(code));
    if (why == PaymentError::channel_busy || why == PaymentError::state_unavailable) {
        response.headers.set("Retry-After", "1");
    }
    return response;
}

}  // namespace stoa::gateway
