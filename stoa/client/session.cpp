#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/deposit.hpp"
#include "stoa/client/purse.hpp"
#include "stoa/client/units.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

/// How long the node may take to carry a refund.
constexpr std::uint64_t kValidSeconds = 600;

/// An open channel as the node shows it in `/api/money`.
struct OpenChannel {
    payment::ChannelConfig config;
    Hash256 id;
    Amount refundable;
    Amount charged;
    U256 refund_nonce;
    std::optional<eth::Address> owner;  ///< Of the purse that pays.
    std::string model;
    std::string title;

    unsigned lane() const { return owner ? payment::lane_of(config).value_or(0) : 0; }
};

std::optional<OpenChannel> open_channel(const json::value& item) {
    bool failed = false;
    const payment::JsonReader in{&item, failed};
    if (in.text("kind") != "channel" || in.text("state") != "refundable") return std::nullopt;
    const payment::JsonReader channel = in.object("channel");
    OpenChannel out;
    out.id = channel.hash("channelId");
    out.refundable = in.amount("amount");
    out.charged = channel.amount("charged");
    out.refund_nonce = channel.number256("refundNonce");
    if (channel.has("owner")) out.owner = channel.address("owner");
    out.model = channel.text_or_empty("model");
    out.title = channel.text_or_empty("modelTitle");
    const json::value* config = channel.find("config");
    if (failed || !config) return std::nullopt;
    const auto parsed = payment::parse_channel_config(*config);
    if (!parsed) return std::nullopt;
    out.config = *parsed;
    return out;
}

Task<std::vector<OpenChannel>> open_channels(Context& context, const Deployment& deployment,
                                             const eth::Address& payer) {
    const json::value money = co_await context.node.get("/api/money?address=" + to_checksum(payer));
    const json::value* items =
        money.is_object() ? money.get_object().if_contains("items") : nullptr;
    std::vector<OpenChannel> out;
    if (!items || !items->is_array()) co_return out;
    const payment::ChannelDomain domain{deployment.chain_id};
    for (const json::value& item : items->get_array()) {
        auto channel = open_channel(item);
        const bool ours = channel && channel->owner.value_or(channel->config.payer) == payer &&
                          domain.channel_id(channel->config) == channel->id;
        if (ours) out.push_back(*std::move(channel));
    }
    co_return out;
}

json::object json_of(const Session& session) {
    return {{"channelId", stoa::to_hex(session.channel.channel_id)},
            {"model", session.model},
            {"balance", to_decimal(session.channel.balance)},
            {"charged", to_decimal(session.channel.charged)},
            {"token", to_checksum(session.channel.config.token)},
            {"lane", session.lane()},
            {"purse", session.owner ? json::value(to_checksum(session.channel.config.payer))
                                    : json::value(nullptr)}};
}

std::string name_in_store(const Context& context, const OpenChannel& channel) {
    const auto session = context.sessions().find(channel.id);
    if (session) return session->model;
    return channel.title.empty() ? "model " + channel.model : channel.title;
}

/// A purse's channel is used again when its model is, and goes on counting.
void forget(Context& context, const OpenChannel& channel) {
    auto session = context.sessions().find(channel.id);
    if (!channel.owner || !session) return context.sessions().remove(channel.id);
    session->channel.balance = std::min(session->channel.balance, session->channel.charged);
    context.sessions().save(*session);
}

Task<json::object> close_one(Context& context, const Deployment& deployment,
                             const keys::Signer& wallet, const OpenChannel& channel) {
    payment::RefundRequest wish;
    wish.channel_id = channel.id;
    wish.nonce = channel.refund_nonce;
    wish.valid_before = context.now() + kValidSeconds;
    const payment::ChannelDomain domain{deployment.chain_id};
    const auto signature = wallet.sign_typed_digest(domain.refund_request_digest(wish));

    json::object refund;
    refund["channelId"] = stoa::to_hex(channel.id);
    refund["amount"] = "0";
    refund["nonce"] = to_decimal(wish.nonce);
    refund["validBefore"] = wish.valid_before;
    json::object request;
    request["kind"] = "exit";
    request["refundRequest"] = std::move(refund);
    request["signature"] = eth::to_hex(signature);
    const json::value answer = co_await context.node.post("/api/relay", std::move(request));
    bool failed = false;
    const payment::JsonReader in{&answer, failed};
    const Amount refunded = in.amount("amount");
    json::object done;
    done["channelId"] = stoa::to_hex(channel.id);
    done["model"] = name_in_store(context, channel);
    done["refunded"] = to_decimal(failed ? channel.refundable : refunded);
    done["charged"] = to_decimal(channel.charged);
    done["transaction"] = in.text_or_empty("transaction");
    forget(context, channel);
    co_return done;
}

/// Out of the purse where there can be one: its key then opens the next model's alone.
Task<Session> open_one(Context& context, const Deployment& deployment,
                       const payment::Requirements& offered, const keys::Signer& wallet,
                       const keys::Signer& session_key, const SessionOptions& options,
                       Amount amount) {
    const TokenInfo& token = deployment.token(offered.asset);
    if (options.no_purse || !Purse::is_possible(deployment, token)) {
        Depositor depositor{context, deployment, wallet};
        co_return co_await depositor.open(offered, options.model, session_key.address(), amount);
    }
    Purse purse{context, deployment, token, wallet.address()};
    PurseWish wish;
    wish.needed = offered.amount;
    wish.slice = quarter_of(amount);
    wish.refill = amount;
    auto its_wallet = [&wallet]() -> const keys::Signer& { return wallet; };
    std::function<const keys::Signer&()> of = std::move(its_wallet);
    auto locked = co_await purse.provide(offered, options.model, session_key, wish, std::move(of));
    if (!locked) {
        throw Failure("deposit_too_small", "A session needs a deposit.", "Name it: --deposit 1.00");
    }
    co_return *std::move(locked);
}

}  // namespace

Task<void> session_open(Context& context, const SessionOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const auto offered = co_await typical_offer(context, deployment, options.model);
    const TokenInfo& token = deployment.token(offered.asset);
    const Amount amount =
        value_or_failure(parse_units(options.deposit, token.decimals), "--deposit",
                         "Write it as 1.50, in " + token.symbol + '.');
    const auto wallet = context.signer(options.key);
    const auto session_key = context.session_key();
    const Session session =
        co_await open_one(context, deployment, offered, *wallet, *session_key, options, amount);
    const Amount calls{
        U256{session.channel.left().units / std::max<U256>(offered.amount.units, 1)}};
    context.out.result(json_of(session), "A session with " + options.model + " is open: " +
                                             format_units(session.channel.left(), token.decimals) +
                                             ' ' + token.symbol + ", at least " +
                                             to_decimal(calls) + " typical calls.");
    context.out.remark(session.owner
                           ? "  It is filled from your purse as calls need it; other models take "
                             "their part there.\n  What you don't use comes back: stoa purse exit"
                           : "  What you don't use comes back: stoa session close");
}

Task<void> session_status(Context& context, const SessionOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const auto wallet = context.key_entry(options.key);
    const auto channels = co_await open_channels(context, deployment, wallet.address);
    json::array items;
    std::string text;
    for (const OpenChannel& channel : channels) {
        const TokenInfo& token = deployment.token(channel.config.token);
        const std::string name = name_in_store(context, channel);
        items.push_back({{"channelId", stoa::to_hex(channel.id)},
                         {"model", name},
                         {"refundable", to_decimal(channel.refundable)},
                         {"charged", to_decimal(channel.charged)},
                         {"token", to_checksum(token.address)},
                         {"lane", channel.lane()}});
        const std::string lane =
            channel.lane() > 0 ? ", lane " + std::to_string(channel.lane()) : std::string{};
        text += printable(name) + lane + ": " + format_units(channel.refundable, token.decimals) +
                ' ' + token.symbol + " left, " + format_units(channel.charged, token.decimals) +
                " charged\n";
    }
    context.out.result({{"address", to_checksum(wallet.address)}, {"items", items}}, text);
    if (items.empty()) {
        context.out.remark("No session is open. Open one: stoa session open MODEL --deposit 1.00");
    }
}

Task<void> session_close(Context& context, const SessionOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const auto wallet = context.signer(options.key);
    const auto channels = co_await open_channels(context, deployment, wallet->address());
    json::array closed;
    std::string text;
    for (const OpenChannel& channel : channels) {
        const std::string name = name_in_store(context, channel);
        if (!options.model.empty() && options.model != name && options.model != channel.model) {
            continue;
        }
        context.out.step("closing the session with " + name);
        json::object done = co_await close_one(context, deployment, *wallet, channel);
        const TokenInfo& token = deployment.token(channel.config.token);
        const Amount refunded = parse_amount(done.at("refunded").as_string()).value_or(Amount{});
        text += printable(name) + ": " + format_units(refunded, token.decimals) + ' ' +
                token.symbol + (channel.owner ? " came back into your purse, " : " came back, ") +
                format_units(channel.charged, token.decimals) + " was charged\n";
        closed.push_back(std::move(done));
    }
    if (closed.empty()) {
        throw Failure("no_session",
                      options.model.empty()
                          ? "This key has no open session."
                          : "This key has no open session with " + options.model + '.',
                      "Look with `stoa session status`; several keys: --key NAME.");
    }
    context.out.result({{"closed", closed}}, text);
}

}  // namespace stoa::client
