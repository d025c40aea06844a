#include "stoa/client/explain_events.hpp"

#include <vector>

#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"
#include "stoa/client/holdings.hpp"
#include "stoa/client/units.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::client {
namespace {

using eth::abi::Event;
using Values = std::vector<eth::abi::Value>;

constexpr std::size_t kMaxDataBytes = 1 << 16;

struct Told {
    Event event;
    std::string (*text)(const Deployment&, const Values&);
};

std::string id_of(const Values& values) {
    return to_hex(values.at(0).as_word());
}

const std::vector<Told>& told() {
    static const std::vector<Told> all{
        {Event{"Deposited(bytes32 indexed channelId,address indexed sender,uint128 amount,uint128 "
               "newBalance)"},
         [](const Deployment& on, const Values& v) {
             return amount_text(on, v.at(2).as_amount()) + " was paid into channel " + id_of(v) +
                    ". It pays for calls, and the rest can be taken back.";
         }},
        {Event{"Claimed(bytes32 indexed channelId,address indexed sender,uint128 "
               "claimAmount,uint128 newTotalClaimed)"},
         [](const Deployment& on, const Values& v) {
             return amount_text(on, v.at(2).as_amount()) +
                    " that was charged for calls was claimed from channel " + id_of(v) + ".";
         }},
        {Event{"Settled(address indexed receiver,address indexed token,address indexed "
               "sender,uint128 amount)"},
         [](const Deployment& on, const Values& v) {
             return amount_text(on, v.at(3).as_amount()) + " that was claimed was paid out to " +
                    to_checksum(v.at(0).as_address()) + ".";
         }},
        {Event{"Refunded(bytes32 indexed channelId,address indexed sender,uint128 amount)"},
         [](const Deployment& on, const Values& v) {
             return amount_text(on, v.at(2).as_amount()) + " went back to the payer of channel " +
                    id_of(v) + ".";
         }},
        {Event{"WithdrawInitiated(bytes32 indexed channelId,uint128 amount,uint40 finalizeAfter)"},
         [](const Deployment& on, const Values& v) {
             return "The payer of channel " + id_of(v) + " asked for " +
                    amount_text(on, v.at(1).as_amount()) +
                    "; finalizeWithdraw pays what is not claimed, from " +
                    to_rfc3339(unix_time(static_cast<std::int64_t>(v.at(2).as_u64()))) + " on.";
         }},
        {Event{
             "WithdrawFinalized(bytes32 indexed channelId,address indexed sender,uint128 amount)"},
         [](const Deployment& on, const Values& v) {
             return amount_text(on, v.at(2).as_amount()) +
                    " was withdrawn to the payer of channel " + id_of(v) + ".";
         }},
    };
    return all;
}

}  // namespace

std::string amount_text(const Deployment& deployment, const Amount& amount) {
    if (deployment.tokens.size() != 1) return to_decimal(amount) + " of the token's smallest units";
    const TokenInfo& token = deployment.tokens.front();
    return format_units(amount, token.decimals) + ' ' + token.symbol;
}

std::optional<std::string> event_text(const Deployment& deployment, const boost::json::value& log) {
    const auto address = eth::parse_address_any_case(text_in(log, "address"));
    if (!address || *address != deployment.contract("Channels")) return std::nullopt;
    std::vector<Hash256> topics;
    for (const auto& topic : log.at("topics").as_array()) {
        topics.push_back(parse_hash(topic.as_string()).value_or(Hash256{}));
    }
    const auto data = parse_hex(text_in(log, "data"), kMaxDataBytes);
    if (!data) return std::nullopt;
    for (const Told& one : told()) {
        if (const auto values = one.event.decode(topics, *data)) {
            return one.text(deployment, *values);
        }
    }
    return std::nullopt;
}

}  // namespace stoa::client
