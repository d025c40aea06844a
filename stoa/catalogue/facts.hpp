#pragma once

#include <limits>
#include <optional>

#include "stoa/catalogue/facet.hpp"
#include "stoa/catalogue/types.hpp"
#include "stoa/chain/deployment.hpp"
#include "stoa/content/manifest.hpp"
#include "stoa/db/session.hpp"

namespace stoa::catalogue {

inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// What search needs to know of a listing beside its words and its meaning.
struct Facts {
    std::int64_t created = 0;
    std::uint64_t sold = 0;
    std::optional<double> price;  ///< Of a typical call now, in whole tokens.
    FacetValues values;
    std::int64_t until = kForever;  ///< From then on, time alone makes it wrong.
};

/// Nothing where the model isn't there. `own` as in `shown_service`.
std::optional<Facts> facts_of(db::Session&, std::uint64_t model, const chain::Deployment&,
                              const eth::Address& own, UnixTime now);

/// What the manifest says for the facets.
FacetValues values_of(const content::Manifest&);

/// What lists show of a manifest's abilities, as a text for a column.
std::string to_text(const Abilities&);
Abilities parse_abilities(std::string_view);
Abilities abilities_of(const content::Manifest&);

}  // namespace stoa::catalogue
