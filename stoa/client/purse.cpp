#include "stoa/client/purse.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

/// How long the node may take to carry a signature of the wallet.
constexpr std::uint64_t kValidSeconds = 3600;
constexpr int kMaxSpends = 3;

Failure bad_answer() {
    return {"bad_answer", "The node's description of the purse can't be read.",
            "Is it a Stoa node of today? Check --node."};
}

Failure no_purse(const TokenInfo& token) {
    return {"no_purse", "This wallet has no purse of " + token.symbol + '.',
            "Several keys: --key NAME. `stoa purse fund 5.00` opens one."};
}

PurseStatus status_of(const json::value& answer) {
    bool failed = false;
    const payment::JsonReader in{&answer, failed};
    PurseStatus it;
    it.purse = in.address("purse");
    it.exists = in.boolean("exists");
    it.nonce = in.number("nonce");
    it.leaving = in.boolean("leaving");
    it.balance = in.amount("balance");
    if (const auto* key = in.find("key"); key && key->is_object()) {
        const payment::JsonReader from{key, failed};
        PurseStatus::Key& of = it.key.emplace();
        of.expires = from.number("expires");
        of.left = from.amount("left");
        of.left_today = from.amount("leftToday");
        of.cap_per_day = from.amount("capPerDay");
        of.cap_per_service = from.amount("capPerService");
        of.spends = from.number("spends");
        of.valid = from.boolean("valid");
    }
    if (failed) throw bad_answer();
    return it;
}

json::object json_of(const payment::PursePolicy& it) {
    json::array services;
    for (const U256& service : it.services) services.emplace_back(to_decimal(service));
    json::object policy;
    policy["key"] = to_checksum(it.key);
    policy["token"] = to_checksum(it.token);
    policy["cap"] = to_decimal(it.cap);
    policy["capPerDay"] = to_decimal(it.cap_per_day);
    policy["capPerService"] = to_decimal(it.cap_per_service);
    policy["expires"] = it.expires;
    policy["services"] = std::move(services);
    return policy;
}

std::string transaction_in(const json::value& answer) {
    const json::value* it =
        answer.is_object() ? answer.get_object().if_contains("transaction") : nullptr;
    return it && it->is_string() ? std::string{it->get_string()} : std::string{};
}

}  // namespace

Amount quarter_of(const Amount& all) {
    return Amount{U256{all.units / 4}};
}

Amount PurseStatus::spendable() const {
    if (!key || !key->valid) return {};
    return std::min({balance, key->left, key->left_today});
}

bool Purse::is_possible(const Deployment& deployment, const TokenInfo& token) {
    return token.eip3009 && deployment.contracts.contains("Purses");
}

Purse::Purse(Context& context, const Deployment& deployment, const TokenInfo& token,
             const eth::Address& owner)
    : context_(context),
      deployment_(deployment),
      token_(token),
      owner_(owner),
      chain_(context.node, deployment.chain_id),
      address_(payment::purse_address(deployment.contract("Purses"), deployment.chain_id, owner,
                                      token.address)) {}

Task<PurseStatus> Purse::status(eth::Address key) {
    const std::string target = "/api/purse?owner=" + to_checksum(owner_) +
                               "&token=" + to_checksum(token_.address) + "&key=" + to_checksum(key);
    PurseStatus it = status_of(co_await context_.node.get(target));
    if (it.purse != address_) throw bad_answer();
    co_return it;
}

Task<PurseStatus> Purse::fund(const keys::Signer& wallet, eth::Address key, Amount amount,
                              PurseLimits limits) {
    const PurseStatus now = co_await status(key);
    const payment::PursePolicy terms =
        policy_for(now, key, token_.address, amount, limits, context_.now());
    if (!payment::is_well_formed(terms)) {
        throw Failure("bad_limits", "The purse can't hold such limits.",
                      "Choose smaller sums, and at most 16 models.");
    }
    if (amount == Amount{}) {
        const payment::PurseDomain domain{deployment_.chain_id, now.purse};
        json::object request;
        request["kind"] = "purse_policy";
        request["owner"] = to_checksum(owner_);
        request["policy"] = json_of(terms);
        request["signature"] =
            eth::to_hex(wallet.sign_typed_digest(domain.set_policy_digest(terms, now.nonce)));
        co_await context_.node.post("/api/relay", std::move(request));
    } else {
        co_await put_in(wallet, now, terms, amount);
    }
    keep(key, limits);
    co_return co_await status(key);
}

Task<void> Purse::put_in(const keys::Signer& wallet, const PurseStatus& now,
                         const payment::PursePolicy& terms, Amount amount) {
    co_await have_funds(context_, deployment_, owner_, token_, amount);
    const payment::PurseDomain domain{deployment_.chain_id, now.purse};
    payment::TokenAuthorization message;
    message.from = owner_;
    message.to = now.purse;
    message.value = amount;
    message.valid_before = context_.now() + kValidSeconds;
    message.nonce = domain.set_policy_digest(terms, now.nonce);
    const Hash256 separator =
        eth::domain_separator({token_.name, token_.version, deployment_.chain_id, token_.address});
    const auto signature =
        wallet.sign_typed_digest(payment::receive_authorization_digest(separator, message));
    json::object funding;
    funding["value"] = to_decimal(amount);
    funding["validAfter"] = std::to_string(message.valid_after);
    funding["validBefore"] = std::to_string(message.valid_before);
    funding["signature"] = eth::to_hex(signature);
    json::object request;
    request["kind"] = "purse_fund";
    request["owner"] = to_checksum(owner_);
    request["policy"] = json_of(terms);
    request["funding"] = std::move(funding);
    context_.out.step("putting " + format_units(amount, token_.decimals) + ' ' + token_.symbol +
                      " into your purse");
    co_await context_.node.post("/api/relay", std::move(request));
}

Task<Session> Purse::lock(const payment::Requirements& offered, const std::string& model,
                          unsigned lane, const keys::Signer& session_key, Amount amount) {
    const U256 service = co_await service_of(chain_, deployment_, offered);
    const payment::ChannelDomain channels{deployment_.chain_id};
    Session session;
    session.channel.config = payment::purse_channel(
        address_, session_key.address(), offered.pay_to,
        offered.receiver_authorizer.value_or(eth::kZeroAddress), offered.asset, lane);
    const Hash256 id = channels.channel_id(session.channel.config);
    const auto known = context_.sessions().find(id);
    if (known) session = *known;
    session.channel.channel_id = id;
    session.chain_id = deployment_.chain_id;
    session.model = model;
    session.node = context_.node.url();
    session.owner = owner_;
    // Known here before the money moves, so that a program that ends now finds its session again.
    context_.sessions().save(session);
    context_.out.step("setting " + format_units(amount, token_.decimals) + ' ' + token_.symbol +
                      " aside for " + model);
    std::optional<Failure> refused = co_await spend_in_turn(session, service, amount, session_key);
    if (refused) {
        // Nothing moved; what was open before still is.
        if (!known && refused->code() != "not_included") context_.sessions().remove(id);
        throw *refused;
    }
    session.channel.balance = co_await channel_balance(chain_, id);
    context_.sessions().save(session);
    co_return session;
}

/// Signs again where another program of this key was faster. What the relay refused, if it did.
Task<std::optional<Failure>> Purse::spend_in_turn(const Session& session, U256 service,
                                                  Amount amount, const keys::Signer& session_key) {
    std::optional<Failure> refused;
    for (int attempt = 0; attempt < kMaxSpends; ++attempt) {
        const PurseStatus now = co_await status(session_key.address());
        const U256 nonce = now.key ? now.key->spends : U256{};
        refused = co_await spend(session, service, amount, nonce, session_key);
        if (!refused || refused->code() != "stale_nonce") break;
    }
    co_return refused;
}

Task<std::optional<Failure>> Purse::spend(const Session& session, U256 service, Amount amount,
                                          U256 nonce, const keys::Signer& session_key) {
    const auto& channel = session.channel;
    const payment::PurseDomain domain{deployment_.chain_id, channel.config.payer};
    const auto signature =
        session_key.sign_typed_digest(domain.spend_digest(channel.channel_id, amount, nonce));
    json::object spend;
    spend["service"] = to_decimal(service);
    spend["nonce"] = to_decimal(nonce);
    spend["signature"] = eth::to_hex(signature);
    json::object deposit;
    deposit["amount"] = to_decimal(amount);
    deposit["authorization"].emplace_object()["purseSpend"] = std::move(spend);
    json::object request;
    request["kind"] = "deposit";
    request["channelConfig"] = payment::to_json(channel.config);
    request["deposit"] = std::move(deposit);
    std::optional<Failure> refused;
    try {
        co_await context_.node.post("/api/relay", std::move(request));
    } catch (const Failure& failure) {
        // Without an answer it may still be carried.
        if (failure.code() == "unreachable") throw;
        refused = failure;
    }
    co_return refused;
}

Task<std::optional<Session>> Purse::provide(const payment::Requirements& offered,
                                            const std::string& model,
                                            const keys::Signer& session_key, PurseWish wish,
                                            std::function<const keys::Signer&()> wallet) {
    const eth::Address key = session_key.address();
    const Amount least = std::max(wish.needed, offered.min_deposit.value_or(Amount{}));
    PurseStatus now = co_await status(key);
    if (now.spendable() < least) {
        if (wish.refill == Amount{}) co_return std::nullopt;
        // Where the money is there and only the key may not take it, a policy is enough.
        const Amount more = now.balance < least ? std::max(wish.refill, least) : Amount{};
        now = co_await fund(wallet(), key, more, limits(key));
        if (now.spendable() < least) {
            throw Failure("purse_limit",
                          "Your purse lets this machine set aside " +
                              format_units(now.spendable(), token_.decimals) + ' ' + token_.symbol +
                              " now, and " + model + " needs " +
                              format_units(least, token_.decimals) + '.',
                          "Choose other limits: stoa purse fund 0 --per-day any --per-model any");
        }
    }
    const Amount slice = wish.slice == Amount{} ? quarter_of(now.balance) : wish.slice;
    const Amount amount = std::min(std::max(slice, least), now.spendable());
    co_return co_await lock(offered, model, wish.lane, session_key, amount);
}

Task<std::string> Purse::revoke(const keys::Signer& wallet, eth::Address key) {
    const PurseStatus now = co_await status(key);
    if (!now.exists) throw no_purse(token_);
    const payment::PurseDomain domain{deployment_.chain_id, now.purse};
    json::object request;
    request["kind"] = "purse_revoke";
    request["owner"] = to_checksum(owner_);
    request["token"] = to_checksum(token_.address);
    request["key"] = to_checksum(key);
    request["signature"] =
        eth::to_hex(wallet.sign_typed_digest(domain.revoke_digest(key, now.nonce)));
    const json::value answer = co_await context_.node.post("/api/relay", std::move(request));
    co_return transaction_in(answer);
}

Task<Purse::Returned> Purse::exit(const keys::Signer& wallet) {
    const PurseStatus now = co_await status(owner_);
    if (!now.exists) throw no_purse(token_);
    // An exit that is under way goes on with the signature that began it.
    const U256 nonce = now.leaving && now.nonce > 0 ? U256{now.nonce - 1} : now.nonce;
    const payment::PurseDomain domain{deployment_.chain_id, now.purse};
    json::array configs;
    for (const Session& session : context_.sessions().list()) {
        const bool its = session.chain_id == deployment_.chain_id &&
                         session.channel.config.payer == now.purse && configs.size() < 32;
        if (its) configs.push_back(payment::to_json(session.channel.config));
    }
    json::object request;
    request["kind"] = "purse_exit";
    request["owner"] = to_checksum(owner_);
    request["token"] = to_checksum(token_.address);
    request["signature"] = eth::to_hex(wallet.sign_typed_digest(domain.exit_digest(nonce)));
    request["configs"] = std::move(configs);
    const json::value answer = co_await context_.node.post("/api/relay", std::move(request));
    bool failed = false;
    const payment::JsonReader in{&answer, failed};
    Returned done;
    done.amount = in.amount("amount");
    done.transaction = transaction_in(answer);
    if (const auto* waiting = in.find("waiting"); waiting && waiting->is_array()) {
        done.waiting = waiting->get_array().size();
    }
    if (failed) throw bad_answer();
    note_emptied(now.purse);
    co_return done;
}

/// Its channels are used again, and go on counting, when the purse is.
void Purse::note_emptied(const eth::Address& purse) const {
    for (Session& session : context_.sessions().list()) {
        ChannelMemory& channel = session.channel;
        if (channel.config.payer != purse) continue;
        channel.balance = std::min(channel.balance, channel.charged);
        context_.sessions().save(session);
    }
}

}  // namespace stoa::client
