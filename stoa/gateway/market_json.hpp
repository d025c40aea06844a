#pragma once

#include <map>
#include <string>

#include <boost/json.hpp>

#include "stoa/catalogue/types.hpp"
#include "stoa/gateway/served.hpp"

namespace stoa::gateway {

namespace json = boost::json;

/// What the JSON of the market needs besides the catalogue's rows.
struct MarketContext {
    std::uint64_t chain_id = 0;
    eth::Address registry;
    const ServedModels& served;
};

/// `eip155:<chain>/erc721:<registry>/<id>`.
std::string canonical_id(std::uint64_t chain_id, const eth::Address& registry, std::uint64_t model);
/// `<registrant>/<slug>`.
std::string model_name(const eth::Address& registrant, std::string_view slug);

// The shapes of docs/reference/http.md.
json::object to_json(const MarketContext&, const catalogue::Summary&);
json::object to_json(const MarketContext&, const catalogue::Detail&);
json::object to_json(const catalogue::Version&);
/// `price` is the present one in the offer's first token.
json::object to_json(const catalogue::Offer&, const Amount& price);
json::object to_json(const MarketContext&, const catalogue::Service&);
json::object to_json(const catalogue::Licence&, UnixTime now);
json::object to_json(const catalogue::Page&, const MarketContext&);

json::string text(const Amount&);
json::string text(std::uint64_t id);
json::string text(const eth::Address&);

}  // namespace stoa::gateway
