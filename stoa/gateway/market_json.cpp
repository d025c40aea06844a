#include "stoa/gateway/market_json.hpp"

#include <array>
#include <bit>
#include <cinttypes>
#include <cstdio>

#include "stoa/base/hex.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::gateway {
namespace {

using catalogue::Status;

std::string_view status_text(Status status) {
    switch (status) {
        case Status::active: return "active";
        case Status::deprecated: return "deprecated";
        case Status::withdrawn: return "withdrawn";
    }
    return "active";
}

std::string_view kind_text(catalogue::Kind kind) {
    switch (kind) {
        case catalogue::Kind::release: return "release";
        case catalogue::Kind::update: return "update";
        case catalogue::Kind::fix: return "fix";
    }
    return "release";
}

std::string_view serving_text(catalogue::Serving serving) {
    switch (serving) {
        case catalogue::Serving::open: return "open";
        case catalogue::Serving::listed: return "listed";
        case catalogue::Serving::right_holders: return "right_holders";
    }
    return "open";
}

json::array rights_of(std::uint32_t bits) {
    json::array rights;
    for (const auto name : market::names_of_rights(bits)) rights.emplace_back(name);
    return rights;
}

std::string_view entitlement_text(std::uint32_t value) {
    constexpr std::array<std::string_view, 4> names{"current", "fixes", "updates", "all"};
    return names[value < names.size() ? value : 0];
}

json::array strings(const std::vector<std::string>& texts) {
    json::array list;
    for (const auto& it : texts) list.emplace_back(it);
    return list;
}

json::array facet(const std::vector<catalogue::FacetValue>& values) {
    json::array list;
    for (const auto& it : values) {
        list.push_back(json::object{{"value", it.value}, {"count", it.count}});
    }
    return list;
}

json::value truth(const std::optional<bool>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

/// What its manifest says of the model; what the manifest doesn't say, and a running engine does,
/// is the engine's word.
json::object abilities_of(const catalogue::Abilities& it, const ServedModel* served) {
    const auto number = [](std::uint64_t value) {
        return value == 0 ? json::value(nullptr) : json::value(value);
    };
    const auto said = [](const std::string& value) {
        return value.empty() ? json::value(nullptr) : json::value(value);
    };
    std::uint64_t context = it.model.context;
    if (context == 0 && served && served->engine && served->engine->ready()) {
        context = served->engine->info().context;
    }
    return {{"capabilities", strings(it.model.offers)},
            {"context", number(context)},
            {"tools", truth(it.model.tools)},
            {"reasoning", truth(it.model.reasoning)},
            {"inputs", strings(it.model.inputs)},
            {"outputs", strings(it.model.outputs)},
            {"languages", strings(it.model.languages)},
            {"domains", strings(it.domains)},
            {"formats", strings(it.formats)},
            {"quantisation", said(it.model.quantisation)},
            {"precision", said(it.model.precision)},
            {"parameters", said(it.model.parameters)},
            {"architecture", said(it.model.architecture)},
            {"size", number(it.weights_bytes)}};
}

std::string cursor_text(const catalogue::Cursor& cursor) {
    std::array<char, 17> key{};
    std::snprintf(key.data(), key.size(), "%016" PRIx64, std::bit_cast<std::uint64_t>(cursor.key));
    return std::string(key.data()) + "." + std::to_string(cursor.created) + "." +
           std::to_string(cursor.model);
}

json::array payees_of(const std::vector<catalogue::Payee>& payees, const eth::Address& provider) {
    json::array list;
    for (const auto& it : payees) {
        json::object payee{{"account", text(it.account)},
                           {"share", it.share},
                           {"kind", it.parent ? "parent" : "payee"}};
        if (it.parent) payee["model"] = text(*it.parent);
        if (it.account == provider && provider != eth::kZeroAddress) payee["label"] = "provider";
        list.push_back(std::move(payee));
    }
    return list;
}

json::object royalty_of(const catalogue::Royalty& it) {
    const bool least = it.token != eth::kZeroAddress;
    return {{"callBps", it.call_bps},
            {"token", least ? json::value(text(it.token)) : json::value(nullptr)},
            {"leastPerCall", text(it.per_call)},
            {"leastPerMillion", text(it.per_million)},
            {"from", it.effective}};
}

void put_price(json::object& object, const catalogue::Service& service) {
    object["token"] = text(service.token);
    object["perCall"] = text(service.price.per_call);
    object["perMillionInput"] = text(service.price.per_million_input);
    object["perMillionOutput"] = text(service.price.per_million_output);
}

json::value price_of(const std::optional<catalogue::Service>& service) {
    if (!service) return nullptr;
    json::object price{{"service", text(service->id)}};
    put_price(price, *service);
    price["typicalCall"] = text(payment::cost(service->price, catalogue::kTypicalCall));
    return price;
}

json::value licence_price_of(const std::optional<catalogue::Offer>& offer) {
    if (!offer || offer->prices.empty()) return nullptr;
    return json::object{{"offer", text(offer->id)},
                        {"token", text(offer->prices[0].token)},
                        {"amount", text(offer->prices[0].floor)}};
}

}  // namespace

json::string text(const Amount& amount) {
    return json::string(to_decimal(amount));
}
json::string text(std::uint64_t id) {
    return json::string(std::to_string(id));
}
json::string text(const eth::Address& address) {
    return json::string(eth::to_checksum(address));
}

std::string canonical_id(std::uint64_t chain_id, const eth::Address& registry,
                         std::uint64_t model) {
    return "eip155:" + std::to_string(chain_id) + "/erc721:" + eth::to_checksum(registry) + "/" +
           std::to_string(model);
}

std::string model_name(const eth::Address& registrant, std::string_view slug) {
    return eth::to_checksum(registrant) + "/" + std::string(slug);
}

json::object to_json(const MarketContext& context, const catalogue::Summary& it) {
    json::object object{{"id", text(it.id)},
                        {"canonicalId", canonical_id(context.chain_id, context.registry, it.id)},
                        {"name", model_name(it.creator, it.slug)},
                        {"slug", it.slug},
                        {"title", it.title},
                        {"summary", it.summary},
                        {"task", it.task},
                        {"tags", strings(it.tags)},
                        {"licence", it.licence},
                        {"creator", text(it.creator)},
                        {"owner", text(it.owner)},
                        {"version", it.version},
                        {"status", status_text(it.status)},
                        {"updatedAt", it.updated_at},
                        {"served", it.service.has_value()},
                        {"price", price_of(it.service)},
                        {"licencePrice", licence_price_of(it.offer)},
                        {"licences", it.sold}};
    const auto* served = context.served.find(std::to_string(it.id));
    if (served) object["alias"] = served->alias;
    object["abilities"] = abilities_of(it.abilities, served);
    json::array equal;
    for (const auto model : it.equal_weights) equal.push_back(text(model));
    object["equalWeights"] = std::move(equal);
    return object;
}

json::object to_json(const MarketContext& context, const catalogue::Detail& it) {
    json::object object = to_json(context, it.summary);
    object["card"] = it.card;
    object["payTo"] = text(it.pay_to);
    object["payees"] = payees_of(it.payees, {});
    object["serving"] = serving_text(it.serving);
    object["callRoyaltyBps"] = it.royalty.call_bps;
    object["royalty"] = royalty_of(it.royalty);
    object["nextRoyalty"] = it.next_royalty ? json::value(royalty_of(*it.next_royalty)) : nullptr;
    json::array versions;
    for (const auto& version : it.versions) versions.push_back(to_json(version));
    object["versions"] = std::move(versions);
    json::array offers;
    for (const auto& offer : it.offers) {
        offers.push_back(to_json(offer, offer.prices.empty() ? Amount{} : offer.prices[0].floor));
    }
    object["offers"] = std::move(offers);
    json::array services;
    for (const auto& service : it.services) services.push_back(to_json(context, service));
    object["services"] = std::move(services);
    json::array parents;
    for (const auto& parent : it.parents) {
        parents.push_back(json::object{
            {"model", text(parent.model)}, {"version", parent.version}, {"bps", parent.bps}});
    }
    object["parents"] = std::move(parents);
    return object;
}

json::object to_json(const catalogue::Version& it) {
    json::object object{{"number", it.number},
                        {"kind", kind_text(it.kind)},
                        {"status", status_text(it.status)},
                        {"time", unix_seconds(it.time)},
                        {"manifestDigest", to_hex(it.manifest)},
                        {"weightsDigest", to_hex(it.weights)},
                        {"cid", it.cid},
                        {"transaction", to_hex(it.transaction)},
                        {"files", nullptr},
                        {"available", it.files.has_value()},
                        {"derivativeBps", nullptr}};
    if (it.derivative_bps) object["derivativeBps"] = *it.derivative_bps;
    if (!it.reason.empty()) object["reason"] = it.reason;
    if (it.files) {
        json::array files;
        for (const auto& file : *it.files) {
            json::object entry{{"name", file.name}, {"size", file.size}};
            entry["sha256"] = file.sha256 ? to_hex_digits(file.sha256->bytes) : std::string{};
            files.push_back(std::move(entry));
        }
        object["files"] = std::move(files);
    }
    return object;
}

json::object to_json(const catalogue::Offer& it, const Amount& price) {
    json::array prices;
    for (const auto& one : it.prices) {
        prices.push_back(json::object{
            {"token", text(one.token)}, {"floor", text(one.floor)}, {"cap", text(one.cap)}});
    }
    const eth::Address token = it.prices.empty() ? eth::kZeroAddress : it.prices[0].token;
    return {{"id", text(it.id)},
            {"model", text(it.model)},
            {"seller", text(it.seller)},
            {"prices", std::move(prices)},
            {"price", json::object{{"token", text(token)}, {"amount", text(price)}}},
            {"period", it.period},
            {"calls", it.calls},
            {"seats", it.seats},
            {"rights", rights_of(it.rights)},
            {"entitlement", entitlement_text(it.entitlement)},
            {"transferable", it.transferable},
            {"termsDigest", to_hex(it.terms)},
            {"active", it.active}};
}

json::object to_json(const MarketContext& context, const catalogue::Service& it) {
    json::object object{{"id", text(it.id)},
                        {"provider", text(it.provider)},
                        {"model", text(it.model)},
                        {"version", it.version},
                        {"endpoint", it.endpoint},
                        {"receiver", text(it.receiver)},
                        {"receiverAuthorizer", text(it.receiver_authorizer)},
                        {"validUntil", it.valid_until},
                        {"payees", payees_of(it.payees, it.provider)}};
    put_price(object, it);
    const ServedModel* served = context.served.find_service(it.id);
    object["local"] = served != nullptr;
    const bool known = served && served->engine && served->engine->ready();
    object["maxOutput"] = known ? served->engine->info().max_output : 0;
    object["context"] = known ? served->engine->info().context : 0;
    return object;
}

json::object to_json(const catalogue::Licence& it, UnixTime now) {
    const bool expired = it.expires != 0 && it.expires <= unix_seconds(now);
    const bool used_up = it.calls != 0 && it.remaining == 0;
    return {{"id", text(it.id)},
            {"offer", text(it.offer)},
            {"model", text(it.model)},
            {"modelTitle", it.model_title},
            {"holder", text(it.holder)},
            {"issuedAt", it.issued_at},
            {"expires", it.expires},
            {"remaining", it.remaining},
            {"seats", it.seats},
            {"rights", rights_of(it.rights)},
            {"pricePaid", text(it.price_paid)},
            {"token", text(it.token)},
            {"valid", !expired && !used_up},
            {"renewable", it.renewable},
            {"termsDigest", to_hex(it.terms)},
            {"transaction", to_hex(it.transaction)}};
}

json::object to_json(const catalogue::Page& page, const MarketContext& context) {
    json::array items;
    for (const auto& item : page.items) items.push_back(to_json(context, item));
    json::object facets;
    for (std::size_t i = 0; i < catalogue::kCountedFacets; ++i) {
        facets[catalogue::kFacetNames[i]] = facet(page.facets[i]);
    }
    json::object object{{"items", std::move(items)},
                        {"next", nullptr},
                        {"total", page.total},
                        {"facets", std::move(facets)}};
    if (page.next) object["next"] = cursor_text(*page.next);
    return object;
}

}  // namespace stoa::gateway
