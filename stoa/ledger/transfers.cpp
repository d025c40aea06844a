#include "stoa/ledger/transfers.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::ledger {
namespace {

using payment::PaymentError;

const eth::abi::Function kTransfer{
    "transferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 "
    "validBefore,bytes32 nonce,bytes signature)"};

std::string job_id(const Hash256& payment) {
    return "exact:" + to_hex(payment);
}

}  // namespace

ByteVector transfer_call(const payment::TokenAuthorization& a, ByteVector signature) {
    return kTransfer.encode(
        {a.from, a.to, a.value, a.valid_after, a.valid_before, a.nonce, std::move(signature)});
}

Hash256 transfer_id(const eth::Address& token, const payment::TokenAuthorization& a) {
    return eth::struct_hash({}, {eth::word(token), eth::word(a.from), eth::Word{a.nonce}});
}

Task<Result<ExactSettled>> Transfers::carry(ExactBegun begun, ByteVector call) {
    chain::Job job;
    job.id = job_id(begun.payment);
    job.to = begun.token;
    job.data = std::move(call);
    const Hash256 payment = begun.payment;
    const bool is_new = !ledger_.book().begun(payment);
    if (is_new) co_await ledger_.exact_begun(begun);
    begun = *ledger_.book().begun(payment);
    PaymentError why = PaymentError::exact_simulation_failed;
    try {
        const auto submitted = co_await sender_.submit(std::move(job));
        if (submitted) co_return co_await wait(std::move(begun));
    } catch (const chain::RpcFailure&) {
        why = PaymentError::rpc_read_failed;
    }
    // Of one begun before, a chain that doesn't answer says nothing.
    if (why == PaymentError::rpc_read_failed && !is_new) co_return fail(why);
    co_await ledger_.exact_abandoned(payment);
    co_return fail(why);
}

Task<Result<ExactSettled>> Transfers::wait(ExactBegun begun) {
    std::optional<chain::Receipt> receipt;
    try {
        const auto found = co_await sender_.wait(job_id(begun.payment), kDeadline);
        if (found) receipt = *found;
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::settlement_pending);
    }
    if (!receipt) {
        co_await ledger_.exact_abandoned(begun.payment);
        co_return fail(PaymentError::exact_transaction_failed);
    }
    const ExactSettled settled{begun.payment, begun.payer,          begun.receiver, begun.token,
                               begun.amount,  receipt->transaction, begun.request,  begun.time};
    co_await ledger_.exact_settled(settled);
    co_return settled;
}

Task<void> Transfers::resolve() {
    const std::vector<ExactBegun> all = ledger_.book().all_begun();
    for (const ExactBegun& begun : all) co_await resolve_one(begun);
}

Task<void> Transfers::resolve_one(ExactBegun begun) {
    const auto turn = co_await ledger_.turns().take(begun.payment, std::chrono::milliseconds(0));
    // A buyer whose retry holds the turn resolves it itself.
    if (!turn || !ledger_.book().begun(begun.payment)) co_return;
    bool is_known = true;
    try {
        const auto status = co_await sender_.status(job_id(begun.payment));
        is_known = status.has_value();
    } catch (const chain::RpcFailure&) {
        co_return;
    }
    if (!is_known) {
        co_await ledger_.exact_abandoned(begun.payment);
        co_return;
    }
    co_await wait(std::move(begun));
}

}  // namespace stoa::ledger
