#include "stoa/gateway/facilitator.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/ledger/transfers.hpp"
#include "stoa/payment/check.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

std::vector<eth::Address> tokens_named(const std::vector<std::string>& symbols,
                                       const chain::Deployment& deployment) {
    std::vector<eth::Address> found;
    for (const chain::Token& token : deployment.tokens) {
        const bool is_named =
            symbols.empty() || std::ranges::find(symbols, token.symbol) != symbols.end();
        if (is_named) found.push_back(token.address);
    }
    return found;
}

/// The whole call names the errand: whoever asks for the same again finds the first.
std::string name_of(const char* kind, Bytes data) {
    return "facilitator:" + std::string(kind) + ":" + to_hex(eth::keccak256(data));
}

}  // namespace

/// A transaction for somebody else.
struct Facilitator::Errand {
    chain::Job job;
    eth::Address receiver;  ///< For whom; its day's count.
    PaymentError simulation;
    PaymentError transaction;
};

Facilitator::Facilitator(FacilitatorParts parts, const FacilitatorSettings& settings)
    : parts_(std::move(parts)),
      settings_(settings),
      receivers_(settings.receivers),
      tokens_(tokens_named(settings.tokens, parts_.deployment)),
      quota_(parts_.database, parts_.deployment.chain_id,
             {settings.per_day, settings.gas_per_day}) {}

chain::Job Facilitator::deposit_job(const payment::DepositPayload& p) const {
    const ledger::SignedDeposit carried{p.deposit, p.valid_after, p.valid_before, p.salt,
                                        p.authorization_signature};
    chain::Job job;
    job.to = parts_.channels.contract();
    job.data = ledger::deposit_call(p.config, carried);
    job.id = name_of("deposit", job.data);
    return job;
}

chain::Job Facilitator::exact_job(const payment::ExactPayload& p,
                                  const payment::Requirements& wanted) {
    chain::Job job;
    job.to = wanted.asset;
    job.data = ledger::transfer_call(p.authorization, p.signature);
    job.id = "facilitator:exact:" + to_hex(ledger::transfer_id(wanted.asset, p.authorization));
    return job;
}

Task<bool> Facilitator::is_known(std::string job) {
    const auto status = co_await parts_.sender.status(std::move(job));
    co_return status.has_value();
}

/// The budget is asked before anything is sent, for the most that this can cost.
Task<Result<void>> Facilitator::send(const Errand& errand) {
    const auto gas = co_await parts_.sender.simulate(errand.job);
    if (!gas) co_return fail(errand.simulation);
    const chain::Fees fees = co_await parts_.sender.fees();
    relay::Quota::Take take;
    take.job = errand.job.id;
    take.payer = errand.receiver;
    take.at_most_wei = fees.max_fee * (*gas + *gas / 4);
    const auto taken = co_await quota_.take(std::move(take), parts_.clock.now());
    if (!taken) co_return fail(PaymentError::facilitator_limit);
    const auto submitted = co_await parts_.sender.submit(errand.job);
    if (submitted) co_return Result<void>{};
    co_await quota_.give_back(errand.job.id);
    co_return fail(errand.simulation);
}

Task<Result<Hash256>> Facilitator::bring(Errand errand) {
    try {
        const bool known = co_await is_known(errand.job.id);
        if (!known) {
            const auto sent = co_await send(errand);
            if (!sent) co_return fail(sent.error());
        }
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::rpc_read_failed);
    }
    try {
        const auto receipt = co_await parts_.sender.wait(errand.job.id, kDeadline);
        if (!receipt) co_return fail(errand.transaction);
        co_await quota_.spent(errand.job.id, receipt->gas_used * receipt->gas_price);
        co_return receipt->transaction;
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::settlement_pending);
    }
}

Task<Settled> Facilitator::deposit(payment::DepositPayload payload, payment::Requirements wanted) {
    Settled out;
    out.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    out.amount = payload.deposit;
    Errand errand{deposit_job(payload), payload.config.receiver,
                  PaymentError::deposit_simulation_failed,
                  PaymentError::deposit_transaction_failed};
    const bool known = co_await is_known(errand.job.id);
    if (!known) {
        const Verdict verdict = co_await verify_deposit(std::move(payload), std::move(wanted));
        out.done = verdict.valid;
        if (!out.done) co_return out;
    }
    const auto brought = co_await bring(std::move(errand));
    if (!brought) {
        out.done = fail(brought.error());
        co_return out;
    }
    out.transaction = *brought;
    const auto state = co_await parts_.reader.state(id);
    out.channel = snapshot_on_chain(id, state);
    co_return out;
}

Task<Settled> Facilitator::exact(payment::ExactPayload payload, payment::Requirements wanted) {
    Settled out;
    out.payer = payload.authorization.from;
    Errand errand{exact_job(payload, wanted), wanted.pay_to, PaymentError::exact_simulation_failed,
                  PaymentError::exact_transaction_failed};
    const bool known = co_await is_known(errand.job.id);
    if (!known) {
        const Verdict verdict = co_await verify_exact(std::move(payload), std::move(wanted));
        out.done = verdict.valid;
        if (!out.done) co_return out;
    }
    const auto brought = co_await bring(std::move(errand));
    if (brought) {
        out.transaction = *brought;
    } else {
        out.done = fail(brought.error());
    }
    co_return out;
}

std::vector<ledger::Claim> Facilitator::rows_of(
    const std::vector<payment::SignedClaim>& claims) const {
    std::vector<ledger::Claim> rows;
    for (const payment::SignedClaim& claim : claims) {
        rows.push_back({claim.config,
                        {parts_.channels.channel_id(claim.config), claim.max_claimable},
                        claim.signature,
                        claim.total_claimed});
    }
    return rows;
}

Task<Settled> Facilitator::claim(payment::ClaimPayload payload) {
    Settled out;
    out.done = check_claims(payload.claims);
    if (out.done && !payload.authorized) out.done = fail(PaymentError::authorizer_not_configured);
    if (!out.done) co_return out;
    Errand errand{{},
                  payload.claims.front().config.receiver,
                  PaymentError::claim_simulation_failed,
                  PaymentError::claim_transaction_failed};
    errand.job.to = parts_.channels.contract();
    errand.job.data = ledger::claim_call(rows_of(payload.claims), *payload.authorized);
    errand.job.id = name_of("claim", errand.job.data);
    const auto brought = co_await bring(std::move(errand));
    if (brought) {
        out.transaction = *brought;
    } else {
        out.done = fail(brought.error());
    }
    co_return out;
}

Task<Settled> Facilitator::pay_out(payment::SettlePayload payload) {
    Settled out;
    out.done = check_account(payload.receiver, payload.token);
    if (!out.done) co_return out;
    const auto before = co_await parts_.reader.receiver(payload.receiver, payload.token);
    if (before.claimed <= before.settled) {
        out.done = fail(PaymentError::nothing_to_settle);
        co_return out;
    }
    Errand errand{{},
                  payload.receiver,
                  PaymentError::settle_simulation_failed,
                  PaymentError::settle_transaction_failed};
    errand.job.to = parts_.channels.contract();
    errand.job.data = ledger::settle_call(payload.receiver, payload.token);
    // The call is always the same; what it pays is not.
    errand.job.id = name_of("settle", errand.job.data) + ":" + to_decimal(before.settled);
    const auto brought = co_await bring(std::move(errand));
    if (!brought) {
        out.done = fail(brought.error());
        co_return out;
    }
    out.transaction = *brought;
    out.amount = before.claimed - before.settled;
    co_return out;
}

/// As its server has completed and signed it.
Task<Settled> Facilitator::refund(payment::RefundPayload payload) {
    Settled out;
    out.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    out.done = check_account(payload.config.receiver, payload.config.token);
    if (out.done && parts_.channels.channel_id(payload.config) != id) {
        out.done = fail(PaymentError::channel_id_mismatch);
    }
    if (out.done && (!payload.completed || !payload.amount)) {
        out.done = fail(PaymentError::authorizer_not_configured);
    }
    if (!out.done) co_return out;
    const auto& completed = *payload.completed;
    if (!completed.claims.empty()) out.done = check_claims(completed.claims);
    if (out.done && !completed.claims.empty() && !completed.claims_authorized) {
        out.done = fail(PaymentError::authorizer_not_configured);
    }
    if (!out.done) co_return out;

    ByteVector call =
        ledger::refund_call(payload.config, *payload.amount, completed.nonce, completed.authorized);
    if (!completed.claims.empty()) {
        std::vector<ByteVector> both;
        both.push_back(ledger::claim_call(rows_of(completed.claims), *completed.claims_authorized));
        both.push_back(std::move(call));
        call = ledger::multicall(both);
    }
    Errand errand{{},
                  payload.config.receiver,
                  PaymentError::refund_simulation_failed,
                  PaymentError::refund_transaction_failed};
    errand.job.to = parts_.channels.contract();
    errand.job.data = std::move(call);
    errand.job.id = name_of("refund", errand.job.data);
    const auto before = co_await parts_.reader.state(id);
    const auto brought = co_await bring(std::move(errand));
    if (!brought) {
        out.done = fail(brought.error());
        co_return out;
    }
    out.transaction = *brought;
    const auto after = co_await parts_.reader.state(id);
    out.channel = snapshot_on_chain(id, after);
    // The contract pays what is there, at most what was asked.
    const bool is_new = before.refund_nonce == completed.nonce;
    out.amount = is_new ? before.balance - after.balance : *payload.amount;
    co_return out;
}

Task<Settled> Facilitator::settle(payment::PaymentPayload payment, payment::Requirements wanted) {
    if (auto* once = std::get_if<payment::ExactPayload>(&payment.payload)) {
        co_return co_await exact(std::move(*once), std::move(wanted));
    }
    if (auto* deposited = std::get_if<payment::DepositPayload>(&payment.payload)) {
        co_return co_await deposit(std::move(*deposited), std::move(wanted));
    }
    if (auto* claimed = std::get_if<payment::ClaimPayload>(&payment.payload)) {
        co_return co_await claim(std::move(*claimed));
    }
    if (auto* paid_out = std::get_if<payment::SettlePayload>(&payment.payload)) {
        co_return co_await pay_out(*paid_out);
    }
    if (auto* refunded = std::get_if<payment::RefundPayload>(&payment.payload)) {
        co_return co_await refund(std::move(*refunded));
    }
    Settled other;
    other.done = fail(PaymentError::payload_type);
    co_return other;
}

}  // namespace stoa::gateway
