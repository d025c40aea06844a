#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "stoa/catalogue/facet.hpp"
#include "stoa/catalogue/id_set.hpp"
#include "stoa/catalogue/types.hpp"

namespace stoa::catalogue {

/// For each value of each facet, the listings that have it.
class FacetIndex {
  public:
    /// Places in ascending order.
    void add(Place, const FacetValues&);
    /// To be called when adding is done, before `counts`.
    void settle();

    /// Those that have one of the values.
    Bits any_of(Facet, const std::vector<std::string>& values, std::size_t places) const;
    /// The values that most of `base` have, exactly counted, most frequent first, then by name.
    std::vector<FacetValue> counts(Facet, const Bits& base, std::size_t limit) const;

    std::size_t memory_bytes() const;

  private:
    struct Value {
        std::string name;
        IdSet ids;
    };
    struct Values {
        std::vector<Value> all;
        std::unordered_map<std::string, std::size_t> by_name;
        std::vector<std::size_t> largest_first;
        bool settled = true;
    };
    std::array<Values, kFacets> facets_;
};

}  // namespace stoa::catalogue
