#include <algorithm>

#include "stoa/gateway/facilitator.hpp"
#include "stoa/gateway/transfer_check.hpp"
#include "stoa/ledger/transfers.hpp"
#include "stoa/payment/check.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

Verdict refused(const std::error_code& why, const eth::Address& payer) {
    Verdict verdict;
    verdict.payer = payer;
    verdict.valid = fail(why);
    return verdict;
}

}  // namespace

bool Facilitator::serves(const eth::Address& receiver) const {
    return std::ranges::find(receivers_, receiver) != receivers_.end();
}

Result<void> Facilitator::check_account(const eth::Address& receiver,
                                        const eth::Address& token) const {
    if (!serves(receiver)) return fail(PaymentError::receiver_mismatch);
    if (std::ranges::find(tokens_, token) == tokens_.end()) {
        return fail(PaymentError::token_mismatch);
    }
    return {};
}

/// Against what the server wanted, and with the session key's signature.
Result<void> Facilitator::check_channel(const payment::VoucherPayload& payload,
                                        const payment::Requirements& wanted) const {
    const payment::ChannelConfig& config = payload.config;
    if (parts_.channels.channel_id(config) != payload.voucher.channel_id) {
        return fail(PaymentError::channel_id_mismatch);
    }
    STOA_CHECK(check_account(config.receiver, config.token));
    const payment::Terms terms{
        wanted.pay_to, wanted.receiver_authorizer.value_or(eth::kZeroAddress), wanted.asset,
        wanted.withdraw_delay_seconds.value_or(config.withdraw_delay_seconds)};
    STOA_CHECK(payment::check_config(config, terms));
    return payment::check_signature(parts_.channels, config, payload.voucher, payload.signature);
}

payment::ChannelSnapshot snapshot_on_chain(const ledger::ChannelId& id,
                                           const ledger::ChainState& state) {
    payment::ChannelSnapshot out;
    out.channel_id = id;
    out.balance = state.balance;
    out.total_claimed = state.claimed;
    out.withdraw_requested_at = static_cast<std::uint64_t>(state.withdraw_requested_at);
    out.refund_nonce = state.refund_nonce;
    return out;
}

Task<Verdict> Facilitator::verify_channel(payment::VoucherPayload payload, Amount deposit,
                                          bool is_refund) {
    Verdict verdict;
    verdict.payer = payload.config.payer;
    const ledger::ChannelId id = payload.voucher.channel_id;
    const auto state = co_await parts_.reader.state(id);
    verdict.channel = snapshot_on_chain(id, state);
    const Amount& promised = payload.voucher.max_claimable;
    const Amount balance = state.balance + deposit;
    if (balance == Amount{}) {
        verdict.valid = fail(PaymentError::channel_not_found);
    } else if (promised > balance) {
        verdict.valid = fail(PaymentError::cumulative_exceeds_balance);
    } else if (is_refund ? promised < state.claimed : promised <= state.claimed) {
        verdict.valid = fail(PaymentError::cumulative_below_claimed);
    }
    co_return verdict;
}

Task<Verdict> Facilitator::verify_deposit(payment::DepositPayload payload,
                                          payment::Requirements wanted) {
    const eth::Address payer = payload.config.payer;
    const auto checked = check_channel(payload, wanted);
    if (!checked) co_return refused(checked.error(), payer);
    const auto now = static_cast<std::uint64_t>(unix_seconds(parts_.clock.now()));
    const auto timely = payment::check_validity(payload.valid_after, payload.valid_before, now);
    if (!timely) co_return refused(timely.error(), payer);
    const Amount amount = payload.deposit;
    chain::Job job = deposit_job(payload);
    Verdict verdict = co_await verify_channel(std::move(payload), amount, false);
    if (!verdict.valid) co_return verdict;
    // The wallet may be a contract: only the chain can say whether its signature is good.
    const auto simulated = co_await parts_.sender.simulate(job);
    if (!simulated) verdict.valid = fail(PaymentError::deposit_simulation_failed);
    co_return verdict;
}

Task<Verdict> Facilitator::verify_exact(payment::ExactPayload payload,
                                        payment::Requirements wanted) {
    const payment::TokenAuthorization it = payload.authorization;
    const auto account = check_account(wanted.pay_to, wanted.asset);
    if (!account) {
        co_return refused(account.error() == PaymentError::receiver_mismatch
                              ? PaymentError::exact_recipient_mismatch
                              : account.error(),
                          it.from);
    }
    const auto now = static_cast<std::uint64_t>(unix_seconds(parts_.clock.now()));
    const auto checked = check_transfer(it, wanted, now);
    if (!checked) co_return refused(checked.error(), it.from);
    const bool used = co_await parts_.reader.is_nonce_used(wanted.asset, it.from, it.nonce);
    if (used) co_return refused(PaymentError::exact_nonce_already_used, it.from);
    const Amount held = co_await parts_.reader.token_balance(wanted.asset, it.from);
    if (held < it.value) co_return refused(PaymentError::exact_insufficient_balance, it.from);
    const bool by_payer = is_signed_by_payer(wanted, parts_.channels.chain_id(), payload);
    chain::Job job = exact_job(payload, wanted);
    const auto simulated = co_await parts_.sender.simulate(job);
    if (!simulated) {
        co_return refused(
            by_payer ? PaymentError::exact_simulation_failed : PaymentError::exact_signature,
            it.from);
    }
    Verdict good;
    good.payer = it.from;
    co_return good;
}

Task<Verdict> Facilitator::verify(payment::PaymentPayload payment, payment::Requirements wanted) {
    if (payment.accepted.scheme != wanted.scheme) {
        co_return refused(wanted.scheme == payment::Scheme::exact ? PaymentError::exact_scheme
                                                                  : PaymentError::scheme,
                          {});
    }
    if (auto* once = std::get_if<payment::ExactPayload>(&payment.payload)) {
        co_return co_await verify_exact(std::move(*once), std::move(wanted));
    }
    if (auto* deposited = std::get_if<payment::DepositPayload>(&payment.payload)) {
        co_return co_await verify_deposit(std::move(*deposited), std::move(wanted));
    }
    auto* refund_of = std::get_if<payment::RefundPayload>(&payment.payload);
    auto* voucher = std::get_if<payment::VoucherPayload>(&payment.payload);
    if (!refund_of && !voucher) co_return refused(PaymentError::payload_type, {});
    payment::VoucherPayload payload = refund_of ? *refund_of : *voucher;
    const auto checked = check_channel(payload, wanted);
    if (!checked) co_return refused(checked.error(), payload.config.payer);
    const Amount none;
    co_return co_await verify_channel(std::move(payload), none, refund_of != nullptr);
}

Result<void> Facilitator::check_claims(const std::vector<payment::SignedClaim>& claims) const {
    if (claims.empty()) return fail(PaymentError::invalid_payload);
    for (const payment::SignedClaim& claim : claims) {
        STOA_CHECK(check_account(claim.config.receiver, claim.config.token));
        const payment::Voucher voucher{parts_.channels.channel_id(claim.config),
                                       claim.max_claimable};
        STOA_CHECK(
            payment::check_signature(parts_.channels, claim.config, voucher, claim.signature));
        if (claim.total_claimed > claim.max_claimable) {
            return fail(PaymentError::charge_exceeds_signed_cumulative);
        }
    }
    return {};
}

}  // namespace stoa::gateway
