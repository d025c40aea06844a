#include "stoa/gateway/limits_routes.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/chain/signed_by.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

using payment::PaymentError;

constexpr std::size_t kMaxBodyBytes = 16 * 1024;
constexpr std::chrono::seconds kTurnWait{5};

/// Decimal text, or null: no limit.
OrProblem<Amount> per_day_of(const Fields& fields) {
    const auto* given = fields.raw().if_contains("perDay");
    if (given && given->is_null()) return payment::kNoDayLimit;
    STOA_TRY(const U256 number, fields.number("perDay"));
    if (number > payment::kNoDayLimit.units) {
        return refuse(GatewayError::invalid_field, "\"perDay\" must be below 2^128.", "perDay");
    }
    return Amount{number};
}

OrProblem<std::uint64_t> expires_of(const Fields& fields) {
    const auto* given = fields.raw().if_contains("expires");
    if (given && given->is_null()) return payment::kNeverExpires;
    STOA_TRY(const U256 number, fields.number("expires"));
    if (number > payment::kNeverExpires) {
        return refuse(GatewayError::invalid_field, "\"expires\" must be Unix seconds below 2^40.",
                      "expires");
    }
    return static_cast<std::uint64_t>(number);
}

/// The same request again changes nothing, and is right.
bool is_newest(const payment::SessionLimits& asked, const ledger::Limits& set) {
    return asked.nonce + 1 == set.next_nonce && asked.per_day == set.per_day &&
           asked.expires == set.expires;
}

bool is_key(const Hash256& digest, const ByteVector& signature, const eth::Address& key) {
    const auto parsed = eth::parse_signature(to_hex(signature));
    if (!parsed) return false;
    const auto signer = eth::recover(digest, *parsed);
    return signer && *signer == key;
}

}  // namespace

void LimitsDesk::add_to(Router& router) {
    router.add("POST", "/api/sessions/limits", {.max_body_bytes = kMaxBodyBytes},
               [this](Request& request) { return post(request); });
}

OrProblem<LimitsDesk::Asked> LimitsDesk::asked_of(const Fields& fields, const Hash256& channel) {
    Asked asked;
    asked.limits.channel_id = channel;
    STOA_TRY(asked.limits.per_day, per_day_of(fields));
    STOA_TRY(asked.limits.expires, expires_of(fields));
    STOA_TRY(asked.limits.nonce, fields.number("nonce"));
    STOA_TRY(asked.signature, fields.bytes("signature", payment::kMaxWalletSignatureBytes));
    return asked;
}

Task<OrProblem<void>> LimitsDesk::check(const Asked& asked, const payment::ChannelConfig& config) {
    const Hash256 id = asked.limits.channel_id;
    const Hash256 digest = payment::limits_digest(domain_, asked.limits);
    // The nonce below shows that nothing has changed since.
    const ledger::Limits before = ledger_.book().limits(id);
    if (is_newest(asked.limits, before)) co_return OrProblem<void>{};
    const bool tighter =
        asked.limits.per_day <= before.per_day && asked.limits.expires <= before.expires;
    bool good = is_key(digest, asked.signature, config.payer_authorizer);
    if (good && !tighter) {
        co_return refuse(PaymentError::limits_signature,
                         "The session's key can only tighten its limits.", "signature");
    }
    if (!good) {
        ByteVector signature = asked.signature;
        good = co_await chain::is_signed_by(rpc_, config.payer, digest, std::move(signature));
    }
    if (!good) co_return refuse(PaymentError::limits_signature, {}, "signature");
    if (asked.limits.nonce != ledger_.book().limits(id).next_nonce) {
        co_return refuse(PaymentError::limits_nonce, {}, "nonce");
    }
    co_return OrProblem<void>{};
}

Task<OrProblem<void>> LimitsDesk::set(Asked asked, payment::ChannelConfig config) {
    // One change of a channel at a time; a running call of it is nobody to wait for.
    const Hash256 key = payment::limits_digest(domain_, {asked.limits.channel_id, {}, 0, 0});
    const auto turn = co_await ledger_.turns().take(key, kTurnWait);
    if (!turn) co_return refuse(PaymentError::channel_busy);
    auto good = co_await check(asked, config);
    const bool is_set = is_newest(asked.limits, ledger_.book().limits(asked.limits.channel_id));
    if (good && !is_set) co_await ledger_.limit(std::move(asked.limits));
    co_return good;
}

Task<Answer> LimitsDesk::post(Request& request) {
    if (const auto wait = limit_.take(request.remote)) {
        auto problem = problem_of(GatewayError::rate_limited, "Too many changes of limits.");
        problem.retry_after = std::to_string(wait->count());
        co_return tl::unexpected(std::move(problem));
    }
    const auto fields = Fields::parse(request.body);
    if (!fields) co_return tl::unexpected(fields.error());
    const auto known = fields->only({"channelId", "perDay", "expires", "nonce", "signature"});
    if (!known) co_return tl::unexpected(known.error());
    const auto id = fields->hash("channelId");
    if (!id) co_return tl::unexpected(id.error());
    auto asked = asked_of(*fields, *id);
    if (!asked) co_return tl::unexpected(asked.error());
    const ledger::Channel* channel = ledger_.book().find(*id);
    if (!channel) co_return refuse(PaymentError::missing_channel);
    payment::ChannelConfig config = channel->config;
    const auto done = co_await set(std::move(*asked), std::move(config));
    if (!done) co_return tl::unexpected(done.error());
    json::object body{{"channelId", to_hex(*id)}};
    body["limits"] =
        limits_json(ledger_.book().limits(*id), ledger_.book().find(*id), clock_.now());
    co_return io::json_response(200, json::serialize(body));
}

json::object limits_json(const ledger::Limits& limits, const ledger::Channel* channel,
                         UnixTime now) {
    const std::int64_t time = unix_seconds(now);
    const std::int64_t day = time / ledger::kSecondsOfADay;
    json::object object{{"perDay", nullptr},
                        {"expires", nullptr},
                        {"nonce", to_decimal(limits.next_nonce)},
                        {"chargedToday", text(channel ? channel->charged_on(day) : Amount{})},
                        {"revoked", static_cast<std::uint64_t>(time) >= limits.expires},
                        {"keptBy", "this node"}};
    if (limits.per_day != payment::kNoDayLimit) object["perDay"] = text(limits.per_day);
    if (limits.expires != payment::kNeverExpires) object["expires"] = limits.expires;
    return object;
}

io::Response limits_refusal(const std::error_code& why, UnixTime now) {
    Problem problem = problem_of(why);
    if (why == PaymentError::session_day_limit) {
        const auto left = ledger::kSecondsOfADay - unix_seconds(now) % ledger::kSecondsOfADay;
        problem.retry_after = std::to_string(left);
    }
    return to_response(problem, ProblemShape::both);
}

}  // namespace stoa::gateway
