// PAYMENT-SIGNATURE, PAYMENT-REQUIRED and PAYMENT-RESPONSE. The input is the JSON inside, or a
// header as it stands; what is read and written is read the same.
#include <boost/json.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/content/canonical_json.hpp"
#include "stoa/payment/x402.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {
namespace {

template <class Message, class Parse>
void round_trip(const Result<Message>& message, Parse parse) {
    if (!message) return;
    const std::string header = payment::to_header(*message);
    const auto again = parse(header);
    demand(again.has_value());
    demand(payment::to_header(*again) == header);
}

void read_header(std::string_view header) {
    round_trip(payment::parse_payment_header(header), payment::parse_payment_header);
    round_trip(payment::parse_payment_required_header(header),
               payment::parse_payment_required_header);
    round_trip(payment::parse_settlement_response_header(header),
               payment::parse_settlement_response_header);
}

}  // namespace

void run(Bytes input) {
    read_header(text_of(input));
    read_header(to_base64(input));
    const auto value = content::parse_json(text_of(input));
    if (!value) return;
    (void)payment::parse_channel_config(*value);
    (void)payment::parse_requirements(*value);
}

}  // namespace stoa::fuzz
