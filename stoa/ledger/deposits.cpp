#include "stoa/ledger/deposits.hpp"

#include "stoa/base/hex.hpp"

namespace stoa::ledger {

using payment::PaymentError;

Task<Result<Deposits::Done>> Deposits::carry(ChannelId id, payment::ChannelConfig config,
                                             SignedDeposit deposit) {
    chain::Job job;
    job.id = "deposit:" + to_hex(payment::deposit_nonce(id, deposit.salt));
    job.to = domain_.contract();
    job.data = deposit_call(config, deposit);
    const std::string job_id = job.id;
    const U256 salt = deposit.salt;
    try {
        const auto submitted = co_await sender_.submit(std::move(job));
        if (!submitted) co_return fail(PaymentError::deposit_simulation_failed);
        if (!ledger_.book().deposit(id, salt)) {
            co_await ledger_.deposit_accepted(id, std::move(config), std::move(deposit));
        }
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::rpc_read_failed);
    }
    try {
        const auto receipt = co_await sender_.wait(job_id, kDeadline);
        if (!receipt) co_return fail(PaymentError::deposit_transaction_failed);
        const Done done{receipt->transaction, receipt->block.number};
        co_await ledger_.deposit_included(id, salt, done.transaction, done.block);
        if (ledger_.book().find(id)) co_await mirror_.refresh(id);
        co_return done;
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::settlement_pending);
    }
}

}  // namespace stoa::ledger
