#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoa::catalogue {

/// By what people narrow a search. A listing has none, one or several values of each; none means
/// that nobody has said it.
enum class Facet {
    task,        ///< As in the manifest.
    domain,      ///< What it is for: `medical`, `finance` …
    licence,     ///< SPDX, of the weights.
    terms,       ///< Of the licences on sale: `perpetual`, `period`, `calls`.
    price,       ///< Of a typical call, in whole tokens: see `price_band`.
    language,    ///< BCP 47.
    size,        ///< Of the weights: see `size_band`.
    format,      ///< `gguf`, `onnx` …
    standing,    ///< Of the version shown: `active`, `deprecated`, `withdrawn`.
    capability,  ///< `chat`, `embedding`, `tools`, `image-input` …
    tag,
    served,   ///< `true` where somebody serves it now.
    creator,  ///< Who registered it; to filter by, not counted.
};
inline constexpr std::size_t kFacets = 13;
inline constexpr std::size_t kCountedFacets = 12;

/// As parameters of the route and in the index's rows.
inline constexpr std::array<std::string_view, kFacets> kFacetNames{
    "task",   "domain",   "licence",    "terms", "price",  "language", "size",
    "format", "standing", "capability", "tag",   "served", "creator"};

constexpr std::string_view name_of(Facet facet) {
    return kFacetNames[static_cast<std::size_t>(facet)];
}
std::optional<Facet> facet_named(std::string_view);

/// `free`, `under-0.001`, `0.001-0.01`, `0.01-0.1`, `over-0.1`; bounds belong to the upper band.
std::string_view price_band(double whole_tokens);

/// `under-100MB`, `100MB-1GB`, `1-10GB`, `10-100GB`, `over-100GB`; bounds belong to the upper band.
std::string_view size_band(std::uint64_t bytes);

using FacetValues = std::vector<std::pair<Facet, std::string>>;

/// `<facet>\t<value>\n` for each; what can't be told apart in it is left out.
std::string to_lines(const FacetValues&);
FacetValues parse_lines(std::string_view);

}  // namespace stoa::catalogue
