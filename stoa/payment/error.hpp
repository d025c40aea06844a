#pragma once

#include "stoa/base/error.hpp"

namespace stoa::payment {

/// Why a payment is refused. `text_of(error).code` is the code that x402 clients know, with its
/// prefix, such as `invalid_batch_settlement_evm_voucher_signature`; only cumulative_mismatch and
/// cumulative_below_claimed make a stock client correct itself and try again.
enum class PaymentError {
    // Any scheme.
    invalid_payload = 1,  ///< Not base64 of JSON of the right shape: status 400.
    invalid_version,      ///< Not x402 version 2.
    unsupported_scheme,
    no_matching_requirements,  ///< `accepted` is none of what was offered.
    settlement_pending,        ///< Sent, not mined in time; the same payload will find it.
    facilitator_limit,         ///< What this facilitator sends for others in a day is used up.

    // batch-settlement: what it is about.
    scheme,
    network_mismatch,
    payload_type,  ///< Not a kind of payload that this operation takes.
    missing_eip712_domain,
    channel_id_invalid,
    channel_id_mismatch,  ///< Not the hash of the config beside it.
    channel_not_found,    ///< Nothing in it on chain.
    missing_channel,      ///< No record of it here.
    receiver_mismatch,
    receiver_authorizer_mismatch,
    token_mismatch,
    withdraw_delay_mismatch,
    withdraw_delay_out_of_range,

    // batch-settlement: the voucher.
    voucher_signature,    ///< Not by the session key, or in a form that the contract refuses.
    cumulative_mismatch,  ///< Not what was charged so far plus the amount.
    cumulative_exceeds_balance,
    cumulative_below_claimed,
    charge_exceeds_signed_cumulative,
    channel_busy,        ///< Another call of the channel is running.
    cumulative_too_low,  ///< Of a larger voucher for a call that runs: not what is asked for.
    no_running_call,     ///< Nothing of the channel runs that a larger voucher could pay on.
    state_unavailable,   ///< The state can't be read now; nothing was taken.

    // batch-settlement: deposits.
    erc3009_authorization_required,
    receive_authorization_signature,
    authorization_valid_before,
    authorization_valid_after,
    insufficient_balance,
    deposit_below_minimum,
    deposit_simulation_failed,
    deposit_transaction_failed,

    // batch-settlement: claims, settlement, refunds.
    claim_simulation_failed,
    claim_transaction_failed,
    settle_simulation_failed,
    settle_transaction_failed,
    nothing_to_settle,
    authorizer_not_configured,  ///< This facilitator signs for nobody, and no signature came.
    rpc_read_failed,
    refund_payload,
    refund_amount_invalid,
    refund_no_balance,
    not_safe_yet,  ///< A fork could still undo deposits that the charges stand on.
    refund_simulation_failed,
    refund_transaction_failed,

    // Of sessions, as this node keeps them.
    session_expired,
    session_day_limit,
    limits_nonce,      ///< Not the next one.
    limits_signature,  ///< Neither the wallet's, nor the session key's on tighter limits.

    // exact.
    exact_scheme,
    exact_network_mismatch,
    exact_signature,
    exact_recipient_mismatch,
    exact_valid_before,
    exact_valid_after,
    exact_value_mismatch,
    exact_insufficient_balance,
    exact_nonce_already_used,
    exact_simulation_failed,
    exact_transaction_failed,
};

ErrorText text_of(PaymentError);
std::error_code make_error_code(PaymentError);

}  // namespace stoa::payment

template <>
struct std::is_error_code_enum<stoa::payment::PaymentError> : std::true_type {};
