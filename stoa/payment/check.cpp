#include "stoa/payment/check.hpp"

namespace stoa::payment {
namespace {

constexpr std::uint64_t kMiningSeconds = 6;

}  // namespace

Result<void> check_config(const ChannelConfig& config, const Terms& terms) {
    if (config.receiver != terms.receiver) return fail(PaymentError::receiver_mismatch);
    if (config.receiver_authorizer != terms.receiver_authorizer) {
        return fail(PaymentError::receiver_authorizer_mismatch);
    }
    if (config.token != terms.token) return fail(PaymentError::token_mismatch);
    if (config.withdraw_delay_seconds < kMinWithdrawDelaySeconds ||
        config.withdraw_delay_seconds > kMaxWithdrawDelaySeconds) {
        return fail(PaymentError::withdraw_delay_out_of_range);
    }
    if (config.withdraw_delay_seconds != terms.withdraw_delay_seconds) {
        return fail(PaymentError::withdraw_delay_mismatch);
    }
    if (config.payer_authorizer == eth::kZeroAddress) return fail(PaymentError::voucher_signature);
    return {};
}

Result<void> check_signature(const ChannelDomain& domain, const ChannelConfig& config,
                             const Voucher& voucher, const eth::Signature& signature) {
    if (eth::recover(domain.voucher_digest(voucher), signature) != config.payer_authorizer) {
        return fail(PaymentError::voucher_signature);
    }
    return {};
}

Result<void> check_total(const Voucher& voucher, const ChannelState& state, const Amount& amount) {
    // Not `charged + amount == promised`: the sum of two untrusted amounts may not exist.
    const Amount& promised = voucher.max_claimable;
    if (promised < state.charged || promised - state.charged != amount) {
        return fail(PaymentError::cumulative_mismatch);
    }
    if (promised > state.balance) return fail(PaymentError::cumulative_exceeds_balance);
    if (promised <= state.claimed) return fail(PaymentError::cumulative_below_claimed);
    return {};
}

Result<void> check_top_up(const Voucher& voucher, const ChannelState& state,
                          const Amount& required) {
    const Amount& promised = voucher.max_claimable;
    if (promised < required) return fail(PaymentError::cumulative_too_low);
    if (promised > state.balance) return fail(PaymentError::cumulative_exceeds_balance);
    if (promised <= state.claimed) return fail(PaymentError::cumulative_below_claimed);
    return {};
}

Result<void> check_voucher(const ChannelDomain& domain, const ChannelConfig& config,
                           const Voucher& voucher, const eth::Signature& signature,
                           const ChannelState& state, const Amount& amount) {
    STOA_CHECK(check_signature(domain, config, voucher, signature));
    return check_total(voucher, state, amount);
}

Result<void> check_refund_voucher(const ChannelDomain& domain, const ChannelConfig& config,
                                  const Voucher& voucher, const eth::Signature& signature,
                                  const ChannelState& state) {
    STOA_CHECK(check_signature(domain, config, voucher, signature));
    if (voucher.max_claimable != state.charged) return fail(PaymentError::cumulative_mismatch);
    return {};
}

Result<Amount> refund_amount(const ChannelState& state, const std::optional<Amount>& asked) {
    if (state.balance <= state.charged) return fail(PaymentError::refund_no_balance);
    const Amount left = state.balance - state.charged;
    if (!asked) return left;
    if (*asked == Amount{} || *asked > left) return fail(PaymentError::refund_amount_invalid);
    return *asked;
}

Result<void> check_validity(std::uint64_t valid_after, std::uint64_t valid_before,
                            std::uint64_t now) {
    if (valid_before < now + kMiningSeconds) return fail(PaymentError::authorization_valid_before);
    if (valid_after > now) return fail(PaymentError::authorization_valid_after);
    return {};
}

}  // namespace stoa::payment
