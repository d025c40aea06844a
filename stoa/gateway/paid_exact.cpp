#include "stoa/base/hex.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_cashier.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;
namespace abi = eth::abi;

const abi::Function kTransfer{
    "transferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 "
    "validBefore,bytes32 nonce,bytes signature)"};
constexpr std::chrono::seconds kDeadline{60};

/// Everything that needs no chain.
Result<void> check_transfer(const payment::TokenAuthorization& authorized,
                            const payment::Requirements& offered, std::uint64_t now) {
    if (authorized.to != offered.pay_to) return fail(PaymentError::exact_recipient_mismatch);
    const auto valid =
        payment::check_validity(authorized.valid_after, authorized.valid_before, now);
    if (!valid) {
        return fail(valid.error() == PaymentError::authorization_valid_after
                        ? PaymentError::exact_valid_after
                        : PaymentError::exact_valid_before);
    }
    if (authorized.value != offered.amount) return fail(PaymentError::exact_value_mismatch);
    return {};
}

bool is_signed_by_payer(const payment::Requirements& offered, std::uint64_t chain_id,
                        const payment::ExactPayload& payload) {
    eth::Signature signature;
    if (payload.signature.size() != signature.bytes.size()) return false;
    std::ranges::copy(payload.signature, signature.bytes.begin());
    const Hash256 separator = eth::domain_separator(
        {offered.token_name, offered.token_version, U256{chain_id}, offered.asset});
    return eth::recover(payment::transfer_authorization_digest(separator, payload.authorization),
                        signature) == payload.authorization.from;
}

}  // namespace

Task<Cashier::Bought> Cashier::by_transfer(PaidOffer offer, payment::ExactPayload payload,
                                           Hash256 request) {
    const payment::Requirements& offered = offer.exact;
    const payment::TokenAuthorization authorized = payload.authorization;
    const std::string network = offered.network;
    const Hash256 payment = eth::struct_hash(
        {}, {eth::word(offered.asset), eth::word(authorized.from), eth::Word{authorized.nonce}});
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
        const auto checked = check_transfer(
            authorized, offered, static_cast<std::uint64_t>(unix_seconds(parts_.clock.now())));
        if (!checked) co_return refused(offer, checked.error());
        const bool by_payer = is_signed_by_payer(offered, parts_.channels.chain_id(), payload);
        const auto token = offered.asset;
        const bool used =
            co_await parts_.mirror.reader().is_nonce_used(token, authorized.from, authorized.nonce);
        if (used) co_return refused(offer, PaymentError::exact_nonce_already_used);
        auto done = co_await transfer(token, std::move(payload), payment, request);
        if (!done && done.error() == PaymentError::exact_simulation_failed) {
            // A contract's signature has no other check than the simulation.
            co_return refused(offer, by_payer ? PaymentError::exact_simulation_failed
                                              : PaymentError::exact_signature);
        }
        if (!done) co_return payment_failed(done.error(), network, authorized.from);
        settled = std::move(*done);
        co_await parts_.ledger.exact_settled(settled);
    }
    co_return std::unique_ptr<Purchase>(std::make_unique<ExactPurchase>(
        std::move(running), key, parts_.ledger, std::move(settled), network));
}

Task<Result<ledger::ExactSettled>> Cashier::transfer(eth::Address token,
                                                     payment::ExactPayload payload, Hash256 payment,
                                                     Hash256 request) {
    const payment::TokenAuthorization& a = payload.authorization;
    ledger::ExactSettled settled;
    settled.payment = payment;
    settled.token = token;
    settled.payer = a.from;
    settled.receiver = a.to;
    settled.amount = a.value;
    settled.request = request;
    settled.time = unix_seconds(parts_.clock.now());
    chain::Job job;
    job.id = "exact:" + to_hex(payment);
    job.to = token;
    job.data = kTransfer.encode({a.from, a.to, a.value, a.valid_after, a.valid_before, a.nonce,
                                 std::move(payload.signature)});
    const std::string id = job.id;
    bool sent = false;
    try {
        const auto submitted = co_await parts_.sender.submit(std::move(job));
        if (!submitted) co_return fail(PaymentError::exact_simulation_failed);
        sent = true;
        const auto receipt = co_await parts_.sender.wait(id, kDeadline);
        if (!receipt) co_return fail(PaymentError::exact_transaction_failed);
        settled.transaction = receipt->transaction;
        co_return settled;
    } catch (const chain::RpcFailure&) {
    }
    co_return fail(sent ? PaymentError::settlement_pending : PaymentError::rpc_read_failed);
}

}  // namespace stoa::gateway
