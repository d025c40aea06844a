#include "stoa/gateway/market_routes.hpp"

#include <bit>
#include <charconv>
#include <cmath>

#include "stoa/base/hex.hpp"
#include "stoa/chain/contract.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxQueryChars = 400;
constexpr std::size_t kMaxFilters = 40;

const eth::abi::Function kQuote{
    "quote(uint256 offer,address token,uint256 n) returns (uint256 price)"};

std::optional<std::uint64_t> parse_id(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (id > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return std::nullopt;
    }
    return id;
}

Answer ok(const json::value& value) {
    return io::json_response(200, json::serialize(value));
}

tl::unexpected<Problem> bad_parameter(std::string_view name, std::string_view expected) {
    return refuse(
        GatewayError::invalid_field,
        "The parameter \"" + std::string(name) + "\" must be " + std::string(expected) + ".",
        std::string(name));
}

tl::unexpected<Problem> no_model(const std::string& name) {
    return refuse(GatewayError::unknown_model, "No model is called \"" + name + "\" here.");
}

std::optional<std::string> filter(const Request& request, std::string_view name) {
    const auto value = request.query_parameter(name);
    if (!value || value->empty()) return std::nullopt;
    return std::string(*value);
}

std::optional<catalogue::Sort> sort_of(std::string_view text) {
    using catalogue::Sort;
    if (text == "relevance") return Sort::relevance;
    if (text == "newest") return Sort::newest;
    if (text == "price") return Sort::price;
    if (text == "popular") return Sort::popular;
    return std::nullopt;
}

/// What an order of lists ended with, as text that clients hand back as it is.
std::optional<catalogue::Cursor> parse_cursor(std::string_view text) {
    catalogue::Cursor cursor;
    const std::size_t first = text.find('.');
    const std::size_t second = text.find('.', first + 1);
    if (first != 16 || second == text.npos) return std::nullopt;
    std::uint64_t bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + first, bits, 16);
    const auto created = parse_id(text.substr(first + 1, second - first - 1));
    const auto model = parse_id(text.substr(second + 1));
    if (error != std::errc{} || end != text.data() + first || !created || !model) {
        return std::nullopt;
    }
    cursor.key = std::bit_cast<double>(bits);
    cursor.created = static_cast<std::int64_t>(*created);
    cursor.model = *model;
    if (std::isnan(cursor.key)) return std::nullopt;
    return cursor;
}

/// Every parameter that is named like a facet: several of one name are alternatives.
tl::expected<catalogue::FacetValues, Problem> filters_of(const Request& request) {
    catalogue::FacetValues filters;
    for (const auto& [name, value] : request.query) {
        const auto facet = catalogue::facet_named(name);
        if (!facet || value.empty()) continue;
        if (filters.size() == kMaxFilters) return bad_parameter(name, "one of at most 40 filters");
        if (*facet == catalogue::Facet::creator) {
            const auto address = eth::parse_address_any_case(value);
            if (!address) return bad_parameter("creator", "an address");
            filters.emplace_back(*facet, eth::to_lower_hex(*address));
        } else if (*facet == catalogue::Facet::served) {
            if (value != "false" && value != "0") filters.emplace_back(*facet, "true");
        } else {
            filters.emplace_back(*facet, value);
        }
    }
    return filters;
}

tl::expected<catalogue::Query, Problem> query_of(const Request& request) {
    catalogue::Query query;
    query.text = filter(request, "q").value_or("");
    if (query.text.size() > kMaxQueryChars) return bad_parameter("q", "at most 400 characters");
    auto filters = filters_of(request);
    if (!filters) return tl::unexpected(filters.error());
    query.filters = std::move(*filters);
    if (const auto sort = filter(request, "sort")) {
        query.sort = sort_of(*sort);
        if (!query.sort) return bad_parameter("sort", "relevance, newest, price or popular");
    }
    if (const auto cursor = filter(request, "cursor")) {
        query.after = parse_cursor(*cursor);
        if (!query.after) return bad_parameter("cursor", "the `next` of the page before");
    }
    if (const auto limit = filter(request, "limit")) {
        const auto number = parse_id(*limit);
        if (!number || *number == 0 || *number > catalogue::kMaxPage) {
            return bad_parameter("limit", "a number from 1 to 100");
        }
        query.limit = *number;
    }
    return query;
}

}  // namespace

MarketRoutes::MarketRoutes(catalogue::Catalogue& catalogue, const chain::Deployment& deployment,
                           chain::Rpc& rpc, const ServedModels& served, const io::Clock& clock)
    : catalogue_(catalogue),
      deployment_(deployment),
      rpc_(rpc),
      clock_(clock),
      context_{deployment.chain_id, deployment.contract("ModelRegistry"), served} {}

void MarketRoutes::add_to(Router& router) {
    router.add("GET", "/api/models", [this](Request& it) { return models(it); });
    router.add("GET", "/api/models/{id}", [this](Request& it) { return model(it); });
    router.add("GET", "/api/models/{id}/versions", [this](Request& it) { return versions(it); });
    router.add("GET", "/api/offers/{id}", [this](Request& it) { return offer(it); });
    router.add("GET", "/api/licences", [this](Request& it) { return licences(it); });
    router.add("PUT", "/api/manifests/{digest}",
               {.max_body_bytes = content::kMaxManifestBytes, .any_origin = true},
               [this](Request& it) { return put_text(it, true); });
    router.add("GET", "/api/manifests/{digest}",
               [this](Request& it) { return get_text(it, true); });
    router.add("PUT", "/api/terms/{digest}",
               {.max_body_bytes = catalogue::kMaxTermsBytes, .any_origin = true},
               [this](Request& it) { return put_text(it, false); });
    router.add("GET", "/api/terms/{digest}", [this](Request& it) { return get_text(it, false); });
}

Task<std::optional<std::uint64_t>> MarketRoutes::resolve(std::string name) {
    if (const auto id = parse_id(name)) co_return id;
    if (const auto* served = context_.served.find(name); served && served->model != 0) {
        co_return served->model;
    }
    co_return co_await catalogue_.model_named(std::move(name));
}

Task<Answer> MarketRoutes::models(Request& request) {
    auto query = query_of(request);
    if (!query) co_return tl::unexpected(query.error());
    if (!query->text.empty() && embed_) query->meaning = co_await embed_(query->text);
    const auto page = co_await catalogue_.search(std::move(*query), clock_.now());
    co_return ok(to_json(page, context_));
}

Task<Answer> MarketRoutes::model(Request& request) {
    const std::string name = request.param("id");
    const auto id = co_await resolve(name);
    if (!id) co_return no_model(name);
    const auto detail = co_await catalogue_.detail(*id, clock_.now());
    if (!detail) co_return no_model(name);
    json::object object = to_json(context_, *detail);
    json::array& offers = object["offers"].get_array();
    for (std::size_t i = 0; i < offers.size(); ++i) {
        const auto price = co_await price_now(detail->offers[i]);
        offers[i].get_object()["price"].get_object()["amount"] = text(price);
    }
    co_return ok(object);
}

Task<Answer> MarketRoutes::versions(Request& request) {
    const std::string name = request.param("id");
    const auto id = co_await resolve(name);
    if (!id) co_return no_model(name);
    json::array items;
    for (const auto& version : co_await catalogue_.versions(*id)) items.push_back(to_json(version));
    if (items.empty()) co_return no_model(name);
    co_return ok(json::object{{"items", std::move(items)}});
}

/// In the first token. A fixed price needs no question; without an answer the floor has to do, and
/// the buyer's own limit decides.
Task<Amount> MarketRoutes::price_now(const catalogue::Offer& offer) {
    if (offer.prices.empty()) co_return Amount{};
    const auto& price = offer.prices.front();
    if (price.floor == price.cap) co_return price.floor;
    std::vector<eth::abi::Value> arguments;
    arguments.emplace_back(offer.id);
    arguments.emplace_back(price.token);
    arguments.emplace_back(1);
    const auto answer =
        co_await chain::read(rpc_, deployment_.contract("Market"), kQuote, std::move(arguments));
    co_return answer ? answer->front().as_amount() : price.floor;
}

Task<Answer> MarketRoutes::offer(Request& request) {
    const auto id = parse_id(request.param("id"));
    std::optional<catalogue::Offer> offer;
    if (id) offer = co_await catalogue_.offer(*id);
    if (!offer) {
        co_return refuse(GatewayError::unknown_offer,
                         "No offer has the number \"" + request.param("id") + "\".");
    }
    json::object object = to_json(*offer, co_await price_now(*offer));
    if (auto terms = co_await catalogue_.terms(offer->terms)) object["terms"] = *terms;
    co_return ok(object);
}

Task<Answer> MarketRoutes::licences(Request& request) {
    const auto owner = eth::parse_address_any_case(request.query_parameter("owner").value_or(""));
    if (!owner) co_return bad_parameter("owner", "an address");
    json::array items;
    for (const auto& licence : co_await catalogue_.licences_of(*owner)) {
        items.push_back(to_json(licence, clock_.now()));
    }
    co_return ok(json::object{{"items", std::move(items)}});
}

Task<Answer> MarketRoutes::put_text(Request& request, bool manifest) {
    const auto digest = parse_hash(request.param("digest"));
    if (!digest) co_return bad_parameter("digest", "0x and 64 hex digits");
    Result<void> stored;
    if (manifest) {
        stored = co_await catalogue_.put_manifest(*digest, std::move(request.body));
    } else {
        stored = co_await catalogue_.put_terms(*digest, std::move(request.body));
    }
    if (!stored) co_return refuse(stored.error());
    if (manifest && on_manifest_) on_manifest_();
    co_return io::Response(204);
}

Task<Answer> MarketRoutes::get_text(Request& request, bool manifest) {
    const auto digest = parse_hash(request.param("digest"));
    if (!digest) co_return bad_parameter("digest", "0x and 64 hex digits");
    std::optional<std::string> bytes;
    if (manifest) {
        bytes = co_await catalogue_.manifest(*digest);
    } else {
        bytes = co_await catalogue_.terms(*digest);
    }
    if (!bytes) co_return refuse(GatewayError::not_stored);
    auto response = io::text_response(200, std::move(*bytes),
                                      manifest ? "application/json" : "text/plain; charset=utf-8");
    response.headers.set("Cache-Control", "public, max-age=31536000, immutable");
    co_return response;
}

}  // namespace stoa::gateway
