// A listing's JSON, which anybody may put on chain: its canonical form is a fixed point.
#include "stoa/content/manifest.hpp"

#include <boost/json.hpp>

#include "stoa/content/canonical_json.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto text = text_of(input);
    (void)content::parse_manifest(text);
    const auto value = content::parse_json(text);
    if (!value) return;
    const auto canonical = content::canonical_json(*value);
    if (!canonical) return;
    const auto again = content::parse_json(*canonical);
    demand(again.has_value());
    demand(content::canonical_json(*again) == *canonical);
}

}  // namespace stoa::fuzz
