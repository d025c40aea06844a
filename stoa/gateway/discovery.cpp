#include "stoa/gateway/discovery.hpp"

#include <algorithm>

#include "stoa/gateway/paid_offer.hpp"
#include "stoa/gateway/paid_request.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxResources = 100;

}  // namespace

json::object resources_json(const PaidParts& parts, const Request& request) {
    const auto number = [&](std::string_view name, std::size_t otherwise) {
        const auto given = request.query_parameter(name);
        const auto parsed =
            given ? parse_decimal(*given, 32) : fail(payment::PaymentError::invalid_payload);
        return parsed ? static_cast<std::size_t>(*parsed) : otherwise;
    };
    const std::size_t limit = std::clamp<std::size_t>(number("limit", 20), 1, kMaxResources);
    const std::size_t offset = number("offset", 0);
    json::array items;
    std::size_t total = 0;
    for (const auto& model : parts.served.all()) {
        if (!model->is_open() || !parts.deployment.token(model->service->token)) continue;
        if (total++ < offset || items.size() >= limit) continue;
        const auto& info = model->engine->info();
        const char* path = info.chat        ? "/chat/completions"
                           : info.embedding ? "/embeddings"
                                            : "/completions";
        const PaidOffer offer =
            offer_of(*model, parts.deployment,
                     payment::price_bound(model->service->price, typical_usage(info)),
                     parts.url + "/m/" + model->alias + "/v1" + path);
        json::array accepts;
        accepts.push_back(payment::to_json(offer.channel));
        accepts.push_back(payment::to_json(offer.exact));
        items.push_back({{"resource", offer.resource.url},
                         {"type", "http"},
                         {"x402Version", 2},
                         {"accepts", std::move(accepts)},
                         {"lastUpdated", to_rfc3339(parts.clock.now())},
                         {"metadata", {{"description", offer.resource.description}}}});
    }
    return {{"x402Version", 2},
            {"items", std::move(items)},
            {"pagination", {{"limit", limit}, {"offset", offset}, {"total", total}}}};
}

}  // namespace stoa::gateway
