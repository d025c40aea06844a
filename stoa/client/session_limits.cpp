#include <functional>

#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/deposit.hpp"
#include "stoa/client/units.hpp"
#include "stoa/payment/json_reader.hpp"
#include "stoa/payment/limits.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::uint64_t kDay = 86'400;

/// A session as `/api/money` shows it, with the limits that the node keeps.
struct LimitedSession {
    LimitedSession() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    payment::ChannelConfig config;
    payment::SessionLimits limits;
    std::string title;
    Amount charged_today;
};

std::optional<LimitedSession> session_of(const json::value& item) {
    bool failed = false;
    const payment::JsonReader in{&item, failed};
    if (in.text("kind") != "channel" || in.text("state") != "refundable") return std::nullopt;
    const payment::JsonReader channel = in.object("channel");
    const payment::JsonReader limits = channel.object("limits");
    const json::value* config = channel.find("config");
    const json::value* per_day = limits.find("perDay");
    const json::value* expires = limits.find("expires");
    LimitedSession out;
    out.limits.channel_id = channel.hash("channelId");
    out.limits.nonce = limits.number256("nonce");
    out.limits.per_day =
        !per_day || per_day->is_null() ? payment::kNoDayLimit : limits.amount("perDay");
    out.limits.expires = !expires || expires->is_null() ? payment::kNeverExpires
                                                        : expires->to_number<std::uint64_t>();
    out.charged_today = limits.amount("chargedToday");
    out.title = channel.text_or_empty("modelTitle");
    if (failed || !config) return std::nullopt;
    const auto parsed = payment::parse_channel_config(*config);
    if (!parsed) return std::nullopt;
    out.config = *parsed;
    return out;
}

/// Those of the wallet, or of one model; as the user's own files name them where they do.
Task<std::vector<LimitedSession>> sessions_of(Context& context, const eth::Address& wallet,
                                              const std::string& model) {
    const json::value money =
        co_await context.node.get("/api/money?address=" + to_checksum(wallet));
    const Deployment* deployment = co_await context.node.deployment();
    const payment::ChannelDomain domain{deployment->chain_id};
    std::vector<LimitedSession> out;
    const json::value* items =
        money.is_object() ? money.get_object().if_contains("items") : nullptr;
    if (!items || !items->is_array()) co_return out;
    for (const json::value& item : items->get_array()) {
        auto session = session_of(item);
        if (!session || domain.channel_id(session->config) != session->limits.channel_id) continue;
        const auto kept = context.sessions().find(session->limits.channel_id);
        if (kept) session->title = kept->model;
        if (model.empty() || model == session->title) out.push_back(*std::move(session));
    }
    co_return out;
}

json::object json_of(const LimitedSession& session) {
    json::object out{{"channelId", stoa::to_hex(session.limits.channel_id)},
                     {"model", session.title},
                     {"perDay", nullptr},
                     {"expires", nullptr},
                     {"chargedToday", to_decimal(session.charged_today)},
                     {"keptBy", "this node"}};
    if (session.limits.per_day != payment::kNoDayLimit) {
        out["perDay"] = to_decimal(session.limits.per_day);
    }
    if (session.limits.expires != payment::kNeverExpires) out["expires"] = session.limits.expires;
    return out;
}

std::string text_of(const LimitedSession& session, const TokenInfo& token, std::uint64_t now) {
    const auto& limits = session.limits;
    std::string text = printable(session.title) + ": ";
    text += limits.per_day == payment::kNoDayLimit
                ? "no limit a day"
                : format_units(limits.per_day, token.decimals) + ' ' + token.symbol + " a day, " +
                      format_units(session.charged_today, token.decimals) + " used today";
    if (limits.expires <= now) return text + "; revoked\n";
    if (limits.expires == payment::kNeverExpires) return text + "; does not expire\n";
    return text + "; until " + to_rfc3339(unix_time(static_cast<std::int64_t>(limits.expires))) +
           '\n';
}

/// By the wallet; of a channel that another account pays, such as a purse, by the session's key,
/// which may tighten only.
Task<void> set(Context& context, const Deployment& deployment, const keys::Signer& wallet,
               LimitedSession& session) {
    const payment::ChannelDomain domain{deployment.chain_id};
    const Hash256 digest = payment::limits_digest(domain, session.limits);
    const auto key = context.session_key();
    const bool by_key = session.config.payer != wallet.address() &&
                        session.config.payer_authorizer == key->address();
    const auto signature =
        by_key ? key->sign_typed_digest(digest) : wallet.sign_typed_digest(digest);
    json::object request{{"channelId", stoa::to_hex(session.limits.channel_id)},
                         {"perDay", to_decimal(session.limits.per_day)},
                         {"expires", session.limits.expires},
                         {"nonce", to_decimal(session.limits.nonce)},
                         {"signature", eth::to_hex(signature)}};
    co_await context.node.post("/api/sessions/limits", std::move(request));
}

Task<void> change(Context& context, const LimitsOptions& options,
                  std::function<void(LimitedSession&, const TokenInfo&)> edit) {
    const Deployment& deployment = *co_await context.node.deployment();
    const auto address = context.key_entry(options.key).address;
    auto sessions = co_await sessions_of(context, address, options.model);
    if (sessions.empty()) {
        throw Failure("no_session", "This key has no such session.",
                      "Look with `stoa session status`; several keys: --key NAME.");
    }
    const auto wallet = edit ? context.signer(options.key) : nullptr;
    json::array rows;
    std::string text;
    for (LimitedSession& session : sessions) {
        const TokenInfo& token = deployment.token(session.config.token);
        if (edit) {
            edit(session, token);
            co_await set(context, deployment, *wallet, session);
        }
        rows.push_back(json_of(session));
        text += text_of(session, token, context.now());
    }
    context.out.result({{"sessions", rows}}, text);
    context.out.remark("  Kept by this node: the contract knows only what the session holds.");
}

}  // namespace

Task<void> session_limits(Context& context, const LimitsOptions& options) {
    std::function<void(LimitedSession&, const TokenInfo&)> edit;
    if (!options.per_day.empty() || options.days >= 0) {
        edit = [&](LimitedSession& session, const TokenInfo& token) {
            if (options.per_day == "none") {
                session.limits.per_day = payment::kNoDayLimit;
            } else if (!options.per_day.empty()) {
                session.limits.per_day =
                    value_or_failure(parse_units(options.per_day, token.decimals), "--per-day",
                                     "Write it as 0.50, in " + token.symbol + ", or none.");
            }
            if (options.days < 0) return;
            session.limits.expires =
                context.now() + static_cast<std::uint64_t>(options.days) * kDay;
        };
    }
    co_await change(context, options, std::move(edit));
}

Task<void> session_revoke(Context& context, const LimitsOptions& options) {
    std::function<void(LimitedSession&, const TokenInfo&)> edit =
        [](LimitedSession& session, const TokenInfo&) { session.limits.expires = 0; };
    co_await change(context, options, std::move(edit));
}

}  // namespace stoa::client
