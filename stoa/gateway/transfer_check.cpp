#include "stoa/gateway/transfer_check.hpp"

#include <algorithm>

#include "stoa/payment/check.hpp"

namespace stoa::gateway {

using payment::PaymentError;

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

}  // namespace stoa::gateway
