#pragma once

#include <cstddef>
#include <string_view>

namespace stoa::inference {

struct Utf8Head {
    std::size_t length = 0;  ///< Bytes looked at: of the character, or of what isn't one.
    bool valid = false;
    bool unfinished = false;  ///< Right so far, and the text ends inside the character.
};

/// The first character of a text that isn't empty, by the table of well-formed sequences in the
/// Unicode Standard (3.9, table 3-7); what isn't one is skipped as its "maximal subpart".
Utf8Head utf8_head(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace stoa::inference
