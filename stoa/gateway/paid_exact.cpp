#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_cashier.hpp"
#include "stoa/gateway/transfer_check.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

/// Nothing was sent.
bool is_refusal(const std::error_code& why) {
    return why != PaymentError::exact_transaction_failed &&
           why != PaymentError::settlement_pending && why != PaymentError::rpc_read_failed;
}

}  // namespace

Task<Cashier::Bought> Cashier::by_transfer(PaidOffer offer, payment::ExactPayload payload,
                                           Hash256 request) {
    const payment::Requirements& offered = offer.exact;
    const payment::TokenAuthorization authorized = payload.authorization;
    const std::string network = offered.network;
    const Hash256 payment = ledger::transfer_id(offered.asset, authorized);
    const PaidAnswers::Key key = eth::struct_hash(payment, {eth::Word{request}});
    if (auto kept = co_await answers_.find(key, kSameWait)) {
        io::Response again;
        again.headers = std::move(kept->headers);
        again.body = std::move(kept->body);
        co_return again;
    }
    // One authorisation at a time, as for channels.
    auto turn = co_await parts_.ledger.turns().take(payment, kBusyWait);
    if (!turn) co_return refused(offer, PaymentError::channel_busy);
    PaidAnswers::Running running(answers_, key);

    ledger::ExactSettled settled;
    if (const auto* owed = parts_.ledger.book().owed(payment)) {
        if (owed->request != request) {
            co_return refused(offer, PaymentError::exact_nonce_already_used);
        }
        settled = *owed;
    } else {
        auto done = co_await transfer(offered, std::move(payload), payment, request);
        if (!done && is_refusal(done.error())) co_return refused(offer, done.error());
        if (!done) co_return payment_failed(done.error(), network, authorized.from);
        settled = std::move(*done);
    }
    co_return std::unique_ptr<Purchase>(std::make_unique<ExactPurchase>(
        std::move(running), key, parts_.ledger, std::move(settled), network));
}

/// A payment that was begun before the node ended is found on the chain, not refused as used.
Task<Result<ledger::ExactSettled>> Cashier::transfer(payment::Requirements offered,
                                                     payment::ExactPayload payload, Hash256 payment,
                                                     Hash256 request) {
    const payment::TokenAuthorization& a = payload.authorization;
    ledger::ExactBegun begun{payment, a.from, a.to, offered.asset, a.value, request, 0};
    if (const auto* before = parts_.ledger.book().begun(payment)) {
        if (before->request != request) co_return fail(PaymentError::exact_nonce_already_used);
        begun = *before;
        auto call = ledger::transfer_call(a, std::move(payload.signature));
        co_return co_await transfers_.carry(std::move(begun), std::move(call));
    }
    const auto checked =
        check_transfer(a, offered, static_cast<std::uint64_t>(unix_seconds(parts_.clock.now())));
    if (!checked) co_return fail(checked.error());
    const bool by_payer = is_signed_by_payer(offered, parts_.channels.chain_id(), payload);
    const bool used = co_await parts_.mirror.reader().is_nonce_used(offered.asset, a.from, a.nonce);
    if (used) co_return fail(PaymentError::exact_nonce_already_used);
    auto call = ledger::transfer_call(a, std::move(payload.signature));
    auto done = co_await transfers_.carry(std::move(begun), std::move(call));
    if (!done && done.error() == PaymentError::exact_simulation_failed && !by_payer) {
        // A contract's signature has no other check than the simulation.
        co_return fail(PaymentError::exact_signature);
    }
    co_return done;
}

}  // namespace stoa::gateway
