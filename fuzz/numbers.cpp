// Amounts, times and bytes as text: what is accepted has one spelling.
#include "stoa/base/amount.hpp"
#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto text = text_of(input);
    if (const auto amount = parse_amount(text)) demand(to_decimal(*amount) == text);
    if (const auto time = parse_rfc3339(text)) {
        demand(parse_rfc3339(to_rfc3339(*time)) == *time);
    }
    if (const auto bytes = parse_hex(text, 1 << 16)) {
        demand(parse_hex(to_hex(*bytes), 1 << 16) == *bytes);
    }
    if (const auto bytes = parse_base64(text, 1 << 16)) {
        demand(parse_base64(to_base64(*bytes), 1 << 16) == *bytes);
    }
}

}  // namespace stoa::fuzz
