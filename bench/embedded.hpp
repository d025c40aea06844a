// Texts embedded by the model that the node serves for search, kept in build/bench by what they
// are: a second run embeds nothing.
#pragma once

#include <string>
#include <vector>

namespace stoa::bench {

/// One vector of length 1 for each text. A run that is ended is gone on with by the next.
std::vector<std::vector<float>> embedded(const std::vector<std::string>& texts);

}  // namespace stoa::bench
