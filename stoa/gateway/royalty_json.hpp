#pragma once

#include <boost/json.hpp>

#include "stoa/gateway/royalty_reader.hpp"

namespace stoa::gateway {

namespace json = boost::json;

/// The shape of docs/reference/http.md, *Royalties*.
json::object to_json(const Royalties&, const chain::Deployment&);

/// What reaches people (not splits) once everything is settled and drawn.
Amount pullable(const Royalties&);

}  // namespace stoa::gateway
