#include "stoa/payment/receipt.hpp"

#include <boost/json.hpp>

#include "stoa/content/canonical_json.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    static const payment::ReceiptDomain domain{713371};
    const auto value = content::parse_json(text_of(input));
    if (!value) return;
    const auto receipt = payment::parse_receipt(*value);
    if (!receipt) return;
    demand(payment::parse_receipt(payment::to_json(domain, *receipt)) == *receipt);
    (void)payment::signer_of(domain, *receipt);
}

}  // namespace stoa::fuzz
