#include "stoa/catalogue/facet_index.hpp"

#include <algorithm>
#include <numeric>

namespace stoa::catalogue {

void FacetIndex::add(Place at, const FacetValues& values) {
    for (const auto& [facet, name] : values) {
        Values& of = facets_[static_cast<std::size_t>(facet)];
        const auto [it, is_new] = of.by_name.try_emplace(name, of.all.size());
        if (is_new) of.all.push_back({name, {}});
        of.all[it->second].ids.add(at);
        of.settled = false;
    }
}

void FacetIndex::settle() {
    for (Values& of : facets_) {
        if (of.settled) continue;
        of.largest_first.resize(of.all.size());
        std::iota(of.largest_first.begin(), of.largest_first.end(), std::size_t{0});
        std::ranges::sort(of.largest_first, [&](std::size_t a, std::size_t b) {
            return of.all[a].ids.size() > of.all[b].ids.size();
        });
        of.settled = true;
    }
}

Bits FacetIndex::any_of(Facet facet, const std::vector<std::string>& values,
                        std::size_t places) const {
    const Values& of = facets_[static_cast<std::size_t>(facet)];
    Bits found(places);
    for (const std::string& value : values) {
        const auto it = of.by_name.find(value);
        if (it != of.by_name.end()) of.all[it->second].ids.add_to(found);
    }
    return found;
}

std::vector<FacetValue> FacetIndex::counts(Facet facet, const Bits& base, std::size_t limit) const {
    const Values& of = facets_[static_cast<std::size_t>(facet)];
    const auto before = [](const FacetValue& a, const FacetValue& b) {
        return a.count != b.count ? a.count > b.count : a.value < b.value;
    };
    std::vector<FacetValue> best;  // a heap, the last one on top
    for (const std::size_t index : of.largest_first) {
        const Value& value = of.all[index];
        // No value can count for more than the listings that have it.
        if (best.size() == limit && value.ids.size() < best.front().count) break;
        FacetValue counted{value.name, value.ids.count_in(base)};
        if (counted.count == 0) continue;
        if (best.size() == limit) {
            if (!before(counted, best.front())) continue;
            std::ranges::pop_heap(best, before);
            best.pop_back();
        }
        best.push_back(std::move(counted));
        std::ranges::push_heap(best, before);
    }
    std::ranges::sort(best, before);
    return best;
}

std::size_t FacetIndex::memory_bytes() const {
    std::size_t bytes = 0;
    for (const Values& of : facets_) {
        for (const Value& value : of.all) bytes += value.ids.memory_bytes() + 120;
    }
    return bytes;
}

}  // namespace stoa::catalogue
