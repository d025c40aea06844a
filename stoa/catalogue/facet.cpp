#include "stoa/catalogue/facet.hpp"

#include <algorithm>

namespace stoa::catalogue {

std::optional<Facet> facet_named(std::string_view name) {
    const auto it = std::ranges::find(kFacetNames, name);
    if (it == kFacetNames.end()) return std::nullopt;
    return static_cast<Facet>(it - kFacetNames.begin());
}

std::string_view price_band(double whole_tokens) {
    if (whole_tokens <= 0) return "free";
    if (whole_tokens < 0.001) return "under-0.001";
    if (whole_tokens < 0.01) return "0.001-0.01";
    if (whole_tokens < 0.1) return "0.01-0.1";
    return "over-0.1";
}

std::string_view size_band(std::uint64_t bytes) {
    constexpr std::uint64_t mega = 1'000'000;
    if (bytes < 100 * mega) return "under-100MB";
    if (bytes < 1'000 * mega) return "100MB-1GB";
    if (bytes < 10'000 * mega) return "1-10GB";
    if (bytes < 100'000 * mega) return "10-100GB";
    return "over-100GB";
}

std::string to_lines(const FacetValues& values) {
    std::string lines;
    for (const auto& [facet, value] : values) {
        if (value.empty() || value.find_first_of("\t\n") != value.npos) continue;
        lines += name_of(facet);
        lines += '\t';
        lines += value;
        lines += '\n';
    }
    return lines;
}

FacetValues parse_lines(std::string_view text) {
    FacetValues values;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t tab = line.find('\t');
        if (tab == line.npos) continue;
        if (const auto facet = facet_named(line.substr(0, tab))) {
            values.emplace_back(*facet, std::string(line.substr(tab + 1)));
        }
    }
    return values;
}

}  // namespace stoa::catalogue
