// Request lines, escapes, ranges and links.
#include "stoa/io/http.hpp"
#include "stoa/io/http_client.hpp"
#include "stoa/io/http_file.hpp"
#include "stoa/io/http_url.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto text = text_of(input);
    (void)io::path_segments(text);
    if (const auto decoded = io::percent_decode(text)) {
        demand(io::percent_decode(io::percent_encode(*decoded)) == *decoded);
    }
    io::ByteRange range;
    if (io::parse_range(text, 1000, range) == io::RangeKind::part) {
        demand(range.size > 0 && range.first < 1000 && range.size <= 1000 - range.first);
    }
    try {
        (void)io::parse_url(text);
        (void)io::resolve_url("https://model.example/a/b?c", text);
    } catch (const io::HttpFailure&) {
        return;
    }
}

}  // namespace stoa::fuzz
