#pragma once

#include <functional>
#include <string>

#include "stoa/catalogue/events.hpp"

namespace stoa::catalogue {

/// Contract, kind in the feed, declaration, and what it changes.
using AddEvent = std::function<void(std::string_view, std::string_view, std::string_view,
                                    void (*)(const Change&))>;

void add_registry_events(const AddEvent&);
void add_sale_events(const AddEvent&);
void add_service_events(const AddEvent&);
void add_channel_events(const AddEvent&);

/// What contracts hold as text may be any bytes: well-formed UTF-8 without control characters is
/// left as it is, anything else becomes `?`.
std::string clean_text(std::string_view);

/// Numbers of models, offers and so on are counted up from 1, and sizes are bounded by contracts.
inline std::uint64_t number(const Change& change, std::size_t index) {
    return change.values[index].as_u64();
}

/// Replaces the payees of a split.
void set_payees(const Change&, const eth::Address& split, const eth::abi::Value& payees);

}  // namespace stoa::catalogue
