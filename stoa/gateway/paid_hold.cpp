#include "stoa/gateway/paid_hold.hpp"

namespace stoa::gateway {

payment::Price PriceHolds::price_of(const ServiceTerms& service, const payment::Usage& most) {
    const auto [entry, is_new] = services_.try_emplace(service.id, Known{service.price, {}});
    Known& known = entry->second;
    const bool is_same = is_new || known.now == service.price;
    if (is_same && known.before.empty()) return service.price;
    const auto now = clock_.steady();
    if (!is_same) {
        if (known.before.size() == kMostBefore) known.before.erase(known.before.begin());
        known.before.push_back({known.now, now + kHolds});
        known.now = service.price;
    }
    std::erase_if(known.before, [&](const Before& it) { return it.until <= now; });
    const payment::Price* cheapest = &known.now;
    Amount least = payment::price_bound(known.now, most);
    for (const Before& it : known.before) {
        const Amount bound = payment::price_bound(it.price, most);
        if (bound >= least) continue;
        least = bound;
        cheapest = &it.price;
    }
    return *cheapest;
}

}  // namespace stoa::gateway
