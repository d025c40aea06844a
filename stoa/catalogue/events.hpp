#pragma once

#include <string_view>
#include <vector>

#include "stoa/chain/types.hpp"
#include "stoa/db/session.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::catalogue {

/// One decoded event, and the tables that it changes.
struct Change {
    db::Session& session;
    const chain::Header& header;
    const chain::Log& log;
    const std::vector<eth::abi::Value>& values;
};

/// An event that the catalogue knows.
struct KnownEvent {
    std::string_view contract;
    std::string_view kind;  ///< In the feed.
    std::string_view name;
    eth::abi::Event event;
    void (*apply)(const Change&);  ///< Null where the event is only shown.
};

const std::vector<KnownEvent>& known_events();

/// Null for another contract's or an unknown event.
const KnownEvent* find_event(std::string_view contract, const chain::Log&);

/// The feed's data: where it happened and the event's parameters by name.
std::string to_json(const KnownEvent&, std::uint64_t chain_id, const Change&);

}  // namespace stoa::catalogue
