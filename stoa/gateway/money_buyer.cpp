#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/limits_routes.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/money_parts.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::gateway {
namespace {

json::object config_json(const payment::ChannelConfig& config) {
    return {{"payer", text(config.payer)},
            {"payerAuthorizer", text(config.payer_authorizer)},
            {"receiver", text(config.receiver)},
            {"receiverAuthorizer", text(config.receiver_authorizer)},
            {"token", text(config.token)},
            {"withdrawDelay", config.withdraw_delay_seconds},
            {"salt", to_hex(config.salt)}};
}

std::string minutes(std::uint64_t seconds) {
    return std::to_string((seconds + 59) / 60) + " minutes";
}

/// Takes at most `wanted` of what is left.
Amount take(Amount& left, const Amount& wanted) {
    Amount taken = std::min(left, wanted);
    left -= taken;
    return taken;
}

}  // namespace

ChannelParts parts_of(const ledger::Channel* known, const ledger::ChainState& chain,
                      const ChannelTransit& transit) {
    ChannelParts parts;
    Amount left = chain.balance - std::min(chain.balance, chain.claimed);
    if (known) {
        const Amount& charged = known->charged;
        Amount owed = take(left, charged > chain.claimed ? charged - chain.claimed : Amount{});
        parts.claiming =
            take(owed, transit.claim > chain.claimed ? transit.claim - chain.claimed : Amount{});
        parts.charged = owed;
    }
    parts.refunding = take(left, transit.refund);
    if (known && known->reservation) parts.reserved = take(left, known->reservation->amount);
    parts.withdrawing = take(left, chain.withdrawing);
    parts.rest = left;
    return parts;
}

MoneyItem claiming_row(const ledger::ChannelId& id, const eth::Address& token, const Amount& amount,
                       const ChannelTransit& transit, const eth::Address& contract) {
    MoneyItem item;
    item.id = "claim:" + to_hex(id);
    item.kind = "transit";
    item.side = "buyer";
    item.token = token;
    item.amount = amount;
    item.state = "transit";
    item.where = contract;
    item.why = "Charged for calls and being claimed: the transaction is sent and in no block yet.";
    item.how = "Wait for its block; then it is the provider's.";
    item.transaction = transit.claim_transaction;
    item.extra = {{"action", "claim"}, {"channelId", to_hex(id)}, {"to", text(contract)}};
    return item;
}

struct MoneyReader::ChannelFacts {
    ChannelFacts() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    ledger::ChannelId id;
    payment::ChannelConfig config;
    ledger::ChainState chain;
    const ledger::Channel* known = nullptr;
    std::optional<catalogue::Service> service;
    std::string title;
    Owner owner;
    std::vector<catalogue::Moved> moved;
    ledger::Limits limits;
    UnixTime now;

    std::optional<Hash256> transaction(std::string_view event) const {
        const auto found = std::ranges::find(moved, event, &catalogue::Moved::event);
        return found == moved.end() ? std::nullopt : std::optional(found->transaction);
    }
    std::string what() const { return title.empty() ? "a service" : "\"" + title + "\""; }
    json::object json(const eth::Address& account) const;
};

json::object MoneyReader::ChannelFacts::json(const eth::Address& account) const {
    const Amount charged = known ? known->charged : chain.claimed;
    const Amount refundable = chain.balance > charged ? chain.balance - charged : Amount{};
    json::object object{{"channelId", to_hex(id)},
                        {"config", config_json(config)},
                        {"balance", text(chain.balance)},
                        {"charged", text(charged)},
                        {"claimed", text(chain.claimed)},
                        {"refundable", text(refundable)},
                        {"withdrawRequestedAt", chain.withdraw_requested_at},
                        {"withdrawAmount", text(chain.withdrawing)},
                        {"refundNonce", to_decimal(chain.refund_nonce)},
                        {"service", nullptr},
                        {"model", nullptr},
                        {"modelTitle", nullptr},
                        {"idleSince", nullptr},
                        {"lost", text(known ? known->lost : Amount{})}};
    if (known) object["idleSince"] = known->used_at;
    if (known) object["limits"] = limits_json(limits, known, now);
    if (service) {
        object["service"] = text(service->id);
        object["model"] = text(service->model);
        object["modelTitle"] = title;
    }
    if (owner.is_purse) {
        object["purse"] = text(owner.address);
        object["owner"] = text(account);
        if (const auto lane = payment::lane_of(config)) object["lane"] = *lane;
    }
    return object;
}

Task<void> MoneyReader::add_channels(const Owner& owner) {
    std::map<ledger::ChannelId, payment::ChannelConfig> configs;
    const auto ever = co_await parts_.catalogue.channels_of(owner.address);
    configs.insert(ever.begin(), ever.end());
    const auto& book = parts_.ledger.book();
    for (const auto& id : book.of_payer(owner.address)) configs.emplace(id, book.find(id)->config);
    std::vector<ledger::ChannelId> ids;
    for (const auto& [id, config] : configs) ids.push_back(id);
    if (ids.empty()) co_return;
    const auto states = co_await parts_.channels.states(ids, at_);
    const auto moves = co_await parts_.catalogue.moves_of(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ChannelFacts facts;
        facts.id = ids[i];
        facts.config = configs.at(ids[i]);
        facts.chain = states[i];
        facts.owner = owner;
        facts.moved = moves.at(ids[i]);
        if (facts.chain.balance <= facts.chain.claimed) continue;
        const auto now = parts_.clock.now();
        facts.service = co_await parts_.catalogue.service_of_receiver(facts.config.receiver, now);
        if (facts.service) {
            const auto model = co_await parts_.catalogue.summary(facts.service->model, now);
            if (model) facts.title = model->title;
        }
        facts.known = book.find(ids[i]);
        facts.limits = book.limits(ids[i]);
        facts.now = now;
        add_channel(facts);
    }
}

void MoneyReader::add_channel(const ChannelFacts& it) {
    const ChannelTransit transit = transit_of(it.id, it.chain);
    const ChannelParts parts = parts_of(it.known, it.chain, transit);
    const eth::Address contract = parts_.channels.contract();
    const std::uint64_t delay = it.config.withdraw_delay_seconds;
    const std::string without = "without the node: initiateWithdraw of the contract, and " +
                                minutes(delay) + " later finalizeWithdraw.";
    MoneyItem row;
    row.kind = "channel";
    row.side = "buyer";
    row.token = it.config.token;
    row.where = contract;
    row.extra = it.json(account_);
    const auto add = [&](const char* name, const char* state, const Amount& amount, std::string why,
                         std::string how, const char* event) {
        MoneyItem item = row;
        item.id = std::string(name) + ":" + to_hex(it.id);
        item.state = state;
        item.amount = amount;
        item.why = std::move(why);
        item.how = std::move(how);
        item.transaction = it.transaction(event);
        item.stays = item.state == "refundable";
        if (item.state == "withdrawing") {
            item.until = it.chain.withdraw_requested_at + static_cast<std::int64_t>(delay);
        }
        sheet_.add(std::move(item));
    };
    if (!it.known) {
        add("rest", "locked", parts.rest,
            "In a session that this node doesn't serve or hasn't been told of.",
            "Ask the node that serves it for a refund; or " + without, "Deposited");
    } else if (parts.rest > Amount{} || parts.withdrawing == Amount{}) {
        add("rest", "refundable", parts.rest,
            "The unused rest of your session with " + it.what() +
                ". It comes back at once when you end the session." +
                (it.owner.is_purse ? " It goes back into your purse." : ""),
            "End the session; or " + without, "Deposited");
    }
    add("withdrawing", "withdrawing", parts.withdrawing,
        "You asked the contract for the rest of your session with " + it.what() + ".",
        "After the time named, call finalizeWithdraw.", "WithdrawInitiated");
    add("reserved", "reserved", parts.reserved,
        "The most that the running call of " + it.what() + " can cost.",
        "When the call ends, what it did not cost is free again.", "Deposited");
    add("charged", "charged", parts.charged,
        "Calls of " + it.what() + " that you have had and that the node has not claimed yet.",
        "It is the provider's; the node claims it.", "Deposited");
    if (parts.claiming > Amount{}) {
        sheet_.add(claiming_row(it.id, it.config.token, parts.claiming, transit, contract));
    }
    MoneyItem back = claiming_row(it.id, it.config.token, parts.refunding, transit, contract);
    back.id = "refund:" + to_hex(it.id);
    back.why = "On its way back to you: the transaction is sent and in no block yet.";
    back.how = "Wait for its block.";
    back.transaction = transit.refund_transaction;
    back.extra["action"] = "refund";
    back.extra["to"] = text(it.config.payer);
    sheet_.add(std::move(back));
}

}  // namespace stoa::gateway
