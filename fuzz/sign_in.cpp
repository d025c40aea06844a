// Messages and signatures that a browser sends to sign in.
#include "stoa/eth/sign_in.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto text = text_of(input);
    if (const auto message = eth::parse_sign_in(text)) {
        const auto again = eth::parse_sign_in(eth::format_sign_in(*message));
        demand(again.has_value());
        demand(eth::format_sign_in(*again) == eth::format_sign_in(*message));
    }
    if (const auto signature = eth::parse_wallet_signature(text)) {
        demand(eth::parse_signature(eth::to_hex(*signature)) == *signature);
    }
}

}  // namespace stoa::fuzz
