#include "stoa/catalogue/events.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/catalogue/apply.hpp"

namespace stoa::catalogue {
namespace {

namespace abi = eth::abi;
namespace json = boost::json;

constexpr unsigned kMaxNumberBits = 64;  ///< Times and counts; amounts and ids are wider.

json::value to_value(const abi::Type& type, const abi::Value& value) {
    switch (type.kind) {
        case abi::Kind::unsigned_integer:
        case abi::Kind::integer: {
            const U256 number = value.as_number();
            if (type.size <= kMaxNumberBits && number < (U256{1} << 53)) {
                return static_cast<std::int64_t>(number);
            }
            return json::string(to_decimal(number));
        }
        case abi::Kind::address: return json::string(eth::to_checksum(value.as_address()));
        case abi::Kind::boolean: return value.as_bool();
        case abi::Kind::fixed_bytes:
            return json::string(to_hex(Bytes(value.as_word().bytes).first(type.size)));
        case abi::Kind::bytes: return json::string(to_hex(value.as_bytes()));
        case abi::Kind::text: return json::string(clean_text(value.as_text()));
        case abi::Kind::array: {
            json::array list;
            for (const auto& item : value.items()) {
                list.push_back(to_value(type.members.front(), item));
            }
            return list;
        }
        case abi::Kind::tuple: {
            json::object object;
            for (std::size_t i = 0; i < type.members.size(); ++i) {
                object[type.members[i].name] = to_value(type.members[i], value[i]);
            }
            return object;
        }
    }
    return nullptr;
}

}  // namespace

const std::vector<KnownEvent>& known_events() {
    using abi::Event;
    static const std::vector<KnownEvent> events = [] {
        std::vector<KnownEvent> list;
        const auto add = [&](std::string_view contract, std::string_view kind,
                             std::string_view declaration, void (*apply)(const Change&)) {
            list.push_back({contract, kind, declaration.substr(0, declaration.find('(')),
                            Event(declaration), apply});
        };
        add_registry_events(add);
        add_sale_events(add);
        add_service_events(add);
        add_channel_events(add);
        return list;
    }();
    return events;
}

const KnownEvent* find_event(std::string_view contract, const chain::Log& log) {
    if (log.topics.empty()) return nullptr;
    const auto it = std::ranges::find_if(known_events(), [&](const KnownEvent& known) {
        return known.contract == contract && known.event.topic() == log.topics.front();
    });
    return it == known_events().end() ? nullptr : &*it;
}

std::string to_json(const KnownEvent& known, std::uint64_t chain_id, const Change& change) {
    json::object data;
    data["event"] = known.name;
    data["chainId"] = chain_id;
    data["block"] = change.header.id.number;
    data["time"] = change.header.time;
    data["transaction"] = to_hex(change.log.transaction);
    const auto& members = known.event.parameters().members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const bool hashed = members[i].indexed && members[i].dynamic;
        data[members[i].name] = hashed ? json::value(to_hex(change.values[i].as_word()))
                                       : to_value(members[i], change.values[i]);
    }
    return json::serialize(data);
}

}  // namespace stoa::catalogue
