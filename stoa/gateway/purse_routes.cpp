#include "stoa/gateway/purse_routes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/relay_fields.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway {
namespace {

/// How long an exit waits for calls that are under way.
constexpr std::chrono::seconds kCallsWait{30};

Answer ok(const json::object& object) {
    auto response = io::json_response(200, json::serialize(object));
    response.headers.set("Cache-Control", "no-store");
    return response;
}

OrProblem<eth::Address> address_in(const Request& request, const std::string& name) {
    const auto address = eth::parse_address_any_case(request.query_parameter(name).value_or(""));
    if (address) return *address;
    return refuse(GatewayError::invalid_field, "The parameter \"" + name + "\" must be an address.",
                  name);
}

/// Of a purse, with the money in them.
struct Held {
    Held() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    Hash256 id;
    payment::ChannelConfig config;
    relay::ChannelNow now;
    std::optional<catalogue::Service> service;
};

json::object channel_json(const Held& it) {
    const auto lane = payment::lane_of(it.config);
    return {{"channelId", to_hex(it.id)},
            {"key", text(it.config.payer_authorizer)},
            {"service", it.service ? json::value(text(it.service->id)) : json::value()},
            {"lane", lane ? json::value(*lane) : json::value()},
            {"balance", text(it.now.balance)},
            {"claimed", text(it.now.claimed)}};
}

json::value key_json(const std::optional<relay::PurseKey>& key, std::uint64_t now) {
    if (!key) return nullptr;
    return json::object{{"key", text(key->key)},
                        {"expires", key->expires},
                        {"left", text(key->left)},
                        {"leftToday", text(key->left_today)},
                        {"capPerDay", text(key->cap_per_day)},
                        {"capPerService", text(key->cap_per_service)},
                        {"spends", key->spends},
                        {"valid", key->expires > now}};
}

}  // namespace

void PurseRoutes::add_to(Router& router) {
    router.add("GET", "/api/purse", [this](Request& request) { return show(request); });
}

Task<Answer> PurseRoutes::show(Request& request) {
    STOA_CO_TRY(owner, address_in(request, "owner"));
    STOA_CO_TRY(token, address_in(request, "token"));
    std::optional<eth::Address> key;
    if (request.query_parameter("key")) {
        STOA_CO_TRY(asked, address_in(request, "key"));
        key = asked;
    }
    auto& reader = parts_.relay.purses().reader();
    if (!reader.is_here() || !parts_.deployment.token(token)) {
        co_return refuse(relay::RelayError::wrong_chain, "There are no purses of this token here.",
                         "token");
    }
    const auto state = co_await reader.state(owner, token, key);
    json::array channels;
    if (state.exists) channels = co_await channels_of(state.purse, key);
    const auto now = static_cast<std::uint64_t>(unix_seconds(parts_.clock.now()));
    const json::object body{{"purse", text(state.purse)},
                            {"exists", state.exists},
                            {"owner", text(owner)},
                            {"token", text(token)},
                            {"nonce", state.nonce},
                            {"leaving", state.leaving},
                            {"balance", text(state.balance)},
                            {"key", key_json(state.key, now)},
                            {"channels", std::move(channels)},
                            {"fee", "0"}};
    co_return ok(body);
}

/// Those that hold money of the purse, or of one key alone: at this node, and on any that the chain
/// tells of.
Task<json::array> PurseRoutes::channels_of(eth::Address purse, std::optional<eth::Address> key) {
    std::map<Hash256, payment::ChannelConfig> configs;
    const auto ever = co_await parts_.catalogue.channels_of(purse);
    configs.insert(ever.begin(), ever.end());
    const auto& book = parts_.ledger.book();
    for (const auto& id : book.of_payer(purse)) configs.emplace(id, book.find(id)->config);
    if (key)
        std::erase_if(configs, [&](const auto& it) { return it.second.payer_authorizer != *key; });
    std::vector<Hash256> ids;
    for (const auto& [id, config] : configs) ids.push_back(id);
    const auto now = co_await parts_.relay.purses().reader().channels(ids);
    std::vector<Held> held;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (now[i].balance <= now[i].claimed) continue;
        Held& it = held.emplace_back();
        it.id = ids[i];
        it.config = configs.at(ids[i]);
        it.now = now[i];
        it.service =
            co_await parts_.catalogue.service_of_receiver(it.config.receiver, parts_.clock.now());
    }
    const auto place = [](const Held& it) {
        return std::tie(it.config.payer_authorizer, it.config.receiver, it.config.salt);
    };
    std::ranges::sort(held, {}, place);
    json::array rows;
    for (const Held& it : held) rows.push_back(channel_json(it));
    co_return rows;
}

Task<Answer> PurseRoutes::carry(std::string kind, const Fields& fields) {
    if (kind == "purse_fund") co_return co_await fund(fields);
    if (kind == "purse_policy") co_return co_await set_policy(fields);
    if (kind == "purse_revoke") co_return co_await revoke(fields);
    if (kind == "purse_exit") co_return co_await exit(fields);
    co_return refuse(GatewayError::invalid_field,
                     "\"kind\" of a purse must be \"purse_fund\", \"purse_policy\", "
                     "\"purse_revoke\" or \"purse_exit\".",
                     "kind");
}

Answer PurseRoutes::done(const relay::PurseDone& it) {
    parts_.kick();
    json::object body = inclusion_json(it);
    body["purse"] = text(it.purse);
    body["balance"] = text(it.balance);
    return ok(body);
}

Task<Answer> PurseRoutes::fund(const Fields& fields) {
    STOA_CO_CHECK(fields.only({"kind", "owner", "policy", "funding"}));
    STOA_CO_TRY(owner, fields.address("owner"));
    STOA_CO_TRY(policy, policy_of(fields));
    STOA_CO_TRY(funding, funding_of(fields));
    const auto carried =
        co_await parts_.relay.purses().fund(owner, std::move(policy), std::move(funding));
    if (!carried) co_return refused(carried.error());
    co_return done(*carried);
}

Task<Answer> PurseRoutes::set_policy(const Fields& fields) {
    STOA_CO_CHECK(fields.only({"kind", "owner", "policy", "signature"}));
    STOA_CO_TRY(owner, fields.address("owner"));
    STOA_CO_TRY(policy, policy_of(fields));
    STOA_CO_TRY(signature, fields.bytes("signature", payment::kMaxWalletSignatureBytes));
    const auto carried =
        co_await parts_.relay.purses().set_policy(owner, std::move(policy), std::move(signature));
    if (!carried) co_return refused(carried.error());
    co_return done(*carried);
}

Task<Answer> PurseRoutes::revoke(const Fields& fields) {
    STOA_CO_CHECK(fields.only({"kind", "owner", "token", "key", "signature"}));
    STOA_CO_TRY(owner, fields.address("owner"));
    STOA_CO_TRY(token, fields.address("token"));
    STOA_CO_TRY(key, fields.address("key"));
    STOA_CO_TRY(signature, fields.bytes("signature", payment::kMaxWalletSignatureBytes));
    const auto carried =
        co_await parts_.relay.purses().revoke(owner, token, key, std::move(signature));
    if (!carried) co_return refused(carried.error());
    co_return done(*carried);
}

/// Each step finds what a former request did, so that the same request goes on where that stopped.
Task<Answer> PurseRoutes::exit(const Fields& fields) {
    STOA_CO_CHECK(fields.only({"kind", "owner", "token", "signature", "configs"}));
    STOA_CO_TRY(owner, fields.address("owner"));
    STOA_CO_TRY(token, fields.address("token"));
    STOA_CO_TRY(signature, fields.bytes("signature", payment::kMaxWalletSignatureBytes));
    STOA_CO_TRY(given, configs_of(fields));
    auto& purses = parts_.relay.purses();
    const auto begun = co_await purses.begin_exit(owner, token, std::move(signature));
    if (!begun) co_return refused(begun.error());

    auto taken = co_await take_in(begun->purse, std::move(given));
    if (!taken) co_return tl::unexpected(std::move(taken.error()));
    std::vector<payment::ChannelConfig> rest = *std::move(taken);
    const auto ours = parts_.ledger.book().of_payer(begun->purse);
    json::array waiting;
    const auto until = parts_.clock.steady() + kCallsWait;
    for (const auto& id : ours) {
        const auto left = std::max(until - parts_.clock.steady(), io::Duration{0});
        const Home home = co_await refund(id, left);
        const auto* channel = parts_.ledger.book().find(id);
        if (home == Home::later) waiting.emplace_back(to_hex(id));
        if (home == Home::no && channel) rest.push_back(channel->config);
    }
    const auto closed = co_await purses.finish_exit(*begun, std::move(rest));
    if (!closed) co_return refused(closed.error());
    parts_.kick();
    json::object body{{"transaction", nullptr}, {"block", nullptr}};
    if (const auto& last = closed->inclusion ? closed->inclusion : begun->inclusion) {
        body = inclusion_json(*last);
    }
    for (const auto& id : closed->waiting) waiting.emplace_back(to_hex(id));
    body["purse"] = text(begun->purse);
    body["amount"] = text(closed->amount);
    body["waiting"] = std::move(waiting);
    co_return ok(body);
}

/// Of the given channels those that are not this node's; its own that it never saw enter the book.
Task<OrProblem<std::vector<payment::ChannelConfig>>> PurseRoutes::take_in(
    eth::Address purse, std::vector<payment::ChannelConfig> given) {
    std::vector<payment::ChannelConfig> others;
    auto& ledger = parts_.ledger;
    for (const auto& config : given) {
        if (config.payer != purse || !payment::lane_of(config)) {
            co_return refuse(relay::RelayError::malformed, "A channel is not one of this purse's.",
                             "configs");
        }
        const auto id = parts_.relay.channels().channel_id(config);
        if (ledger.book().find(id)) continue;
        if (config.receiver_authorizer == parts_.settler.authorizer() && !ledger.is_full()) {
            auto state = co_await parts_.mirror.reader().state(id);
            const bool holds = state.balance > Amount{} && !ledger.book().find(id);
            if (holds) co_await ledger.open(id, config, std::move(state));
            continue;
        }
        others.push_back(config);
    }
    co_return others;
}

/// What this node did not earn goes back into the purse, and what it earned is claimed: now, or
/// when the deposit is safe, which is sooner than any withdrawal.
Task<PurseRoutes::Home> PurseRoutes::refund(ledger::ChannelId id, io::Duration wait) {
    const auto turn = co_await parts_.ledger.turns().take(id, wait);
    if (!turn) co_return Home::no;
    const auto refunded = co_await parts_.settler.refund(*turn, std::nullopt);
    if (refunded || refunded.error() == payment::PaymentError::refund_no_balance) {
        co_return Home::yes;
    }
    co_return refunded.error() == payment::PaymentError::not_safe_yet ? Home::later : Home::no;
}

}  // namespace stoa::gateway
