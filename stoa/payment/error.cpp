#include "stoa/payment/error.hpp"

namespace stoa::payment {

#define BATCH(code) "invalid_batch_settlement_evm_" code
#define EXACT(code) "invalid_exact_evm_" code

ErrorText text_of(PaymentError error) {
    using enum PaymentError;
    switch (error) {
        case invalid_payload:
            return {"invalid_payload", "the payment header is not base64 of an x402 payload"};
        case invalid_version: return {"invalid_x402_version", "only version 2 of x402 is spoken"};
        case unsupported_scheme:
            return {"unsupported_scheme", "only batch-settlement and exact are accepted"};
        case no_matching_requirements:
            return {"No matching payment requirements",
                    "the accepted terms are none of those that were offered"};
        case settlement_pending:
            return {"settlement_pending", "the transaction was sent and is not mined yet"};

        case facilitator_limit:
            return {"facilitator_limit", "what this facilitator sends in a day is used up"};

        case scheme: return {BATCH("scheme"), "the scheme is not batch-settlement"};
        case network_mismatch:
            return {BATCH("network_mismatch"), "the payment is for another chain"};
        case payload_type:
            return {BATCH("payload_type"), "this operation takes another kind of payload"};
        case missing_eip712_domain:
            return {BATCH("missing_eip712_domain"), "the token's name and version are missing"};
        case channel_id_invalid:
            return {BATCH("channel_id_invalid"), "the channel id is not 0x and 64 hex digits"};
        case channel_id_mismatch:
            return {BATCH("channel_id_mismatch"), "the channel id is not the hash of its config"};
        case channel_not_found: return {BATCH("channel_not_found"), "the channel holds nothing"};
        case missing_channel: return {BATCH("missing_channel"), "the channel is not known here"};
        case receiver_mismatch:
            return {BATCH("receiver_mismatch"), "the channel pays another receiver"};
        case receiver_authorizer_mismatch:
            return {BATCH("receiver_authorizer_mismatch"),
                    "the channel names another key for claims and refunds"};
        case token_mismatch: return {BATCH("token_mismatch"), "the channel holds another token"};
        case withdraw_delay_mismatch:
            return {BATCH("withdraw_delay_mismatch"), "the channel has another withdrawal delay"};
        case withdraw_delay_out_of_range:
            return {BATCH("withdraw_delay_out_of_range"),
                    "a withdrawal delay lies between 15 minutes and 30 days"};

        case voucher_signature:
            return {BATCH("voucher_signature"), "the voucher is not signed by the session key"};
        case cumulative_mismatch:
            return {BATCH("cumulative_amount_mismatch"),
                    "the voucher is not what was charged so far plus this call's maximum"};
        case cumulative_exceeds_balance:
            return {BATCH("cumulative_exceeds_balance"),
                    "the voucher promises more than the channel holds"};
        case cumulative_below_claimed:
            return {BATCH("cumulative_below_claimed"),
                    "the voucher promises no more than is already claimed"};
        case charge_exceeds_signed_cumulative:
            return {BATCH("charge_exceeds_signed_cumulative"),
                    "the charge is more than the voucher promises"};
        case channel_busy:
            return {BATCH("channel_busy"), "another call of this channel is still running"};
        case cumulative_too_low:
            return {BATCH("cumulative_too_low"),
                    "the voucher promises less than the running call asks for"};
        case no_running_call:
            return {BATCH("no_running_call"),
                    "no call of this channel is running that takes a larger voucher"};
        case state_unavailable:
            return {BATCH("verification_state_unavailable"),
                    "the channel's state can't be read now"};

        case erc3009_authorization_required:
            return {BATCH("erc3009_authorization_required"),
                    "a deposit needs an EIP-3009 authorisation"};
        case receive_authorization_signature:
            return {BATCH("receive_authorization_signature"),
                    "the deposit is not signed by the payer"};
        case authorization_valid_before:
            return {BATCH("payload_authorization_valid_before"), "the authorisation has expired"};
        case authorization_valid_after:
            return {BATCH("payload_authorization_valid_after"),
                    "the authorisation is not valid yet"};
        case insufficient_balance:
            return {BATCH("insufficient_balance"), "the payer holds less than the deposit"};
        case deposit_below_minimum:
            return {BATCH("deposit_below_min_deposit"), "the deposit is below the minimum"};
        case deposit_simulation_failed:
            return {BATCH("deposit_simulation_failed"), "the contracts would refuse the deposit"};
        case deposit_transaction_failed:
            return {BATCH("deposit_transaction_failed"), "the deposit's transaction failed"};

        case claim_simulation_failed:
            return {BATCH("claim_simulation_failed"), "the contracts would refuse the claim"};
        case claim_transaction_failed:
            return {BATCH("claim_transaction_failed"), "the claim's transaction failed"};
        case settle_simulation_failed:
            return {BATCH("settle_simulation_failed"), "the contracts would refuse the settlement"};
        case settle_transaction_failed:
            return {BATCH("settle_transaction_failed"), "the settlement's transaction failed"};
        case nothing_to_settle:
            return {BATCH("nothing_to_settle"), "nothing is claimed and unpaid"};
        case authorizer_not_configured:
            return {BATCH("authorizer_not_configured"),
                    "this facilitator signs for no other server; sign as receiverAuthorizer"};
        case rpc_read_failed: return {BATCH("rpc_read_failed"), "the chain could not be read"};
        case refund_payload: return {BATCH("refund_payload"), "the refund request is incomplete"};
        case refund_amount_invalid:
            return {BATCH("refund_amount_invalid"), "the refund is zero or more than is left"};
        case refund_no_balance: return {BATCH("refund_no_balance"), "nothing is left to refund"};
        case not_safe_yet:
            return {"not_safe_yet", "a deposit that paid for calls could still be undone"};
        case refund_simulation_failed:
            return {BATCH("refund_simulation_failed"), "the contracts would refuse the refund"};
        case refund_transaction_failed:
            return {BATCH("refund_transaction_failed"), "the refund's transaction failed"};

        case session_expired:
            return {"session_expired", "this session's key has expired or was revoked here"};
        case session_day_limit:
            return {"session_day_limit",
                    "the call could cost more than the session has left today"};
        case limits_nonce:
            return {"limits_nonce", "these limits were signed for another moment of the session"};
        case limits_signature:
            return {"limits_signature",
                    "limits are set by the wallet; the session's key may only tighten them"};

        case exact_scheme: return {EXACT("scheme"), "the scheme is not exact"};
        case exact_network_mismatch:
            return {EXACT("network_mismatch"), "the payment is for another chain"};
        case exact_signature:
            return {EXACT("signature"), "the authorisation is not signed by the payer"};
        case exact_recipient_mismatch:
            return {EXACT("recipient_mismatch"), "the authorisation pays another receiver"};
        case exact_valid_before:
            return {EXACT("payload_authorization_valid_before"), "the authorisation has expired"};
        case exact_valid_after:
            return {EXACT("payload_authorization_valid_after"),
                    "the authorisation is not valid yet"};
        case exact_value_mismatch:
            return {EXACT("payload_authorization_value_mismatch"),
                    "the authorisation is for another amount"};
        case exact_insufficient_balance:
            return {EXACT("insufficient_balance"), "the payer holds less than the amount"};
        case exact_nonce_already_used:
            return {EXACT("nonce_already_used"), "the authorisation was used before"};
        case exact_simulation_failed:
            return {EXACT("transaction_simulation_failed"), "the token would refuse the payment"};
        case exact_transaction_failed:
            return {EXACT("transaction_failed"), "the payment's transaction failed"};
    }
    return {"unexpected", "unknown payment error"};
}

#undef BATCH
#undef EXACT

std::error_code make_error_code(PaymentError error) {
    return error_code_of("payment", error);
}

}  // namespace stoa::payment
