#include "stoa/gateway/paid_header.hpp"

#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_refusal.hpp"

namespace stoa::gateway {

Hash256 hash_of(const Request& request) {
    const std::string_view method = io::to_text(request.method);
    std::string text;
    text.reserve(method.size() + request.path.size() + request.body.size() + 2);
    text.append(method).append("\n").append(request.path).append("\n").append(request.body);
    return eth::keccak256(text);
}

tl::expected<payment::PaymentPayload, Answer> payment_of(const Request& request,
                                                         const PaidOffer& offer) {
    const auto header = request.headers.get(payment::kPaymentSignatureHeader);
    if (!header) return tl::unexpected(Answer(payment_required(offer, "Payment required")));
    auto payment = payment::parse_payment_header(*header);
    if (payment) return std::move(*payment);
    if (payment.error() == payment::PaymentError::invalid_payload) {
        return tl::unexpected(Answer(bad_payment(payment.error())));
    }
    return tl::unexpected(Answer(payment_required(offer, std::string(code_of(payment.error())))));
}

}  // namespace stoa::gateway
