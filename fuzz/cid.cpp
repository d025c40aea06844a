#include "stoa/content/cid.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    if (const auto cid = content::parse_cid(text_of(input))) {
        demand(content::to_text(*cid) == text_of(input));
    }
    if (const auto cid = content::parse_cid_bytes(input)) {
        const ByteVector again = content::to_bytes(*cid);
        demand(ByteVector(input.begin(), input.end()) == again);
    }
}

}  // namespace stoa::fuzz
