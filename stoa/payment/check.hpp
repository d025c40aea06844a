#pragma once

#include "stoa/base/result.hpp"
#include "stoa/payment/channel.hpp"
#include "stoa/payment/error.hpp"

namespace stoa::payment {

/// What a service asks of a channel that pays it.
struct Terms {
    eth::Address receiver;
    eth::Address receiver_authorizer;
    eth::Address token;
    std::uint64_t withdraw_delay_seconds = 0;
};

/// The money of a channel when a voucher for it arrives: claimed <= charged <= balance.
struct ChannelState {
    Amount balance;  ///< Deposits less refunds and withdrawals; a claim doesn't lower it.
    Amount claimed;  ///< In total, on chain.
    Amount charged;  ///< In total, for served calls.
};

/// Refuses a channel that pays somebody else, or that its payer could leave too soon:
/// receiver_mismatch, receiver_authorizer_mismatch, token_mismatch, withdraw_delay_mismatch,
/// withdraw_delay_out_of_range; voucher_signature for a channel without session key, whose
/// vouchers only the chain could check.
Result<void> check_config(const ChannelConfig&, const Terms&);

/// Refuses a voucher that isn't signed by the channel's session key in the one form that the
/// contract accepts: voucher_signature.
Result<void> check_signature(const ChannelDomain&, const ChannelConfig& config, const Voucher&,
                             const eth::Signature&);

/// The part of `check_voucher` after the signature.
Result<void> check_total(const Voucher&, const ChannelState&, const Amount& amount);

/// Refuses a larger voucher for a call that runs unless it promises at least `required` in total,
/// within the balance and above what is claimed: cumulative_too_low, cumulative_exceeds_balance,
/// cumulative_below_claimed. Its signature is for check_signature.
Result<void> check_top_up(const Voucher&, const ChannelState&, const Amount& required);

/// Refuses unless the voucher is signed by the channel's session key, in the one form that the
/// contract accepts, and its total is exactly `charged + amount`, within the balance and above
/// what is claimed: voucher_signature, cumulative_mismatch, cumulative_exceeds_balance,
/// cumulative_below_claimed, in this order, so that only the session key's owner learns what was
/// charged. The caller has found the channel's id to be that of `config`, and makes the voucher
/// durable before it serves. 40 µs, nearly all of it in the signature; thread-safe.
Result<void> check_voucher(const ChannelDomain&, const ChannelConfig& config, const Voucher&,
                           const eth::Signature&, const ChannelState&, const Amount& amount);

/// The same for a refund, whose voucher promises exactly what was charged.
Result<void> check_refund_voucher(const ChannelDomain&, const ChannelConfig& config, const Voucher&,
                                  const eth::Signature&, const ChannelState&);

/// What a refund pays: `asked`, or without it all that isn't charged: refund_amount_invalid for 0
/// or more than that, refund_no_balance if there is nothing.
Result<Amount> refund_amount(const ChannelState&, const std::optional<Amount>& asked);

/// Refuses an authorisation that is not valid now or for the next six seconds, in which its
/// transaction has to be mined: authorization_valid_before, authorization_valid_after.
Result<void> check_validity(std::uint64_t valid_after, std::uint64_t valid_before,
                            std::uint64_t now);

}  // namespace stoa::payment
