#pragma once

#include <optional>
#include <string>

#include "stoa/client/node.hpp"

namespace stoa::client {

/// With the token's name where the chain has one only; else in smallest units.
std::string amount_text(const Deployment&, const Amount&);

/// What an event of the contract Channels, as in a receipt's `logs`, says in words; nothing for
/// other logs.
std::optional<std::string> event_text(const Deployment&, const boost::json::value& log);

}  // namespace stoa::client
