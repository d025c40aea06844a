#include <algorithm>

#include "stoa/base/time.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/purse.hpp"
#include "stoa/client/units.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

const TokenInfo& token_of(const Deployment& deployment, const PurseOptions& options) {
    const TokenInfo& token = deployment.token(std::string_view{options.token});
    if (!Purse::is_possible(deployment, token)) {
        throw Failure("no_purses", "This chain has no purses of " + token.symbol + '.',
                      "Open a session for each model instead: stoa session open MODEL");
    }
    return token;
}

/// The limits of before, where the options say nothing else.
Task<PurseLimits> limits_of(Context& context, const Deployment& deployment, const Purse& purse,
                            eth::Address key, const PurseOptions& options) {
    const TokenInfo& token = purse.token();
    const std::string fix = "Write it as 1.50, in " + token.symbol + ", or as: any";
    PurseLimits it = purse.limits(key);
    if (options.days) it.days = options.days;
    const auto read = [&](const std::string& text, const char* name, std::optional<Amount>& limit) {
        if (text.empty()) return;
        limit.reset();
        if (text != "any") limit = value_or_failure(parse_units(text, token.decimals), name, fix);
    };
    read(options.total, "--total", it.total);
    read(options.per_day, "--per-day", it.per_day);
    read(options.per_model, "--per-model", it.per_service);
    if (!options.only.empty()) it.services.clear();
    Chain chain{context.node, deployment.chain_id};
    for (const std::string& model : options.only) {
        if (model == "any") continue;
        const auto offered = co_await typical_offer(context, deployment, model);
        it.services.push_back(co_await service_of(chain, deployment, offered));
    }
    co_return it;
}

json::object json_of(const PurseStatus& it, const eth::Address& owner, const eth::Address& of,
                     const TokenInfo& token) {
    json::object out;
    out["purse"] = to_checksum(it.purse);
    out["owner"] = to_checksum(owner);
    out["token"] = to_checksum(token.address);
    out["exists"] = it.exists;
    out["leaving"] = it.leaving;
    out["balance"] = to_decimal(it.balance);
    out["spendable"] = to_decimal(it.spendable());
    out["sessionKey"] = to_checksum(of);
    out["policy"] = nullptr;
    if (!it.key) return out;
    json::object key;
    key["valid"] = it.key->valid;
    key["expires"] = it.key->expires;
    key["left"] = to_decimal(it.key->left);
    key["leftToday"] = to_decimal(it.key->left_today);
    key["capPerDay"] = to_decimal(it.key->cap_per_day);
    key["capPerService"] = to_decimal(it.key->cap_per_service);
    out["policy"] = std::move(key);
    return out;
}

std::string text_of(const PurseStatus& it, const eth::Address& of, const TokenInfo& token) {
    const auto sum = [&](const Amount& amount) {
        return format_units(amount, token.decimals) + ' ' + token.symbol;
    };
    std::string text = "Purse " + to_checksum(it.purse) + ": " + sum(it.balance) + '\n';
    if (it.leaving) text += "  It is being emptied; `stoa purse exit` goes on with that.\n";
    const std::string who = "  The session key " + to_checksum(of) + " may ";
    if (!it.key || !it.key->valid) return text + who + "not pay from it.\n";
    const PurseStatus::Key& key = *it.key;
    text += who + "set aside " + sum(it.spendable()) + " now: " + sum(key.left_today) + " today, " +
            sum(key.left) + " in all, at most " + sum(key.cap_per_service) +
            " for one model, until " +
            to_rfc3339(unix_time(static_cast<std::int64_t>(key.expires))) + '\n';
    return text;
}

/// The key that the command is about: the one that is named, or this machine's.
eth::Address key_in(const Context& context, const std::string& text) {
    if (text.empty()) return context.session_key()->address();
    return value_or_failure(eth::parse_address_any_case(text), "The session key",
                            "Write it as 0x and 40 digits; `stoa purse status` shows a machine's.");
}

}  // namespace

Task<void> purse_status(Context& context, const PurseOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = token_of(deployment, options);
    const eth::Address owner = owner_of(context, options.key, options.owner);
    const eth::Address key = key_in(context, options.session_key);
    Purse purse{context, deployment, token, owner};
    const PurseStatus now = co_await purse.status(key);
    context.out.result(json_of(now, owner, key, token), text_of(now, key, token));
    if (!now.exists) context.out.remark("There is none yet. Fill it: stoa purse fund 5.00");
}

Task<void> purse_fund(Context& context, const PurseOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = token_of(deployment, options);
    const Amount amount =
        value_or_failure(parse_units(options.amount, token.decimals), "The amount",
                         "Write it as 1.50, in " + token.symbol + '.');
    const auto wallet = context.signer(options.key);
    const eth::Address key = key_in(context, options.session_key);
    Purse purse{context, deployment, token, wallet->address()};
    PurseLimits limits = co_await limits_of(context, deployment, purse, key, options);
    const PurseStatus now = co_await purse.fund(*wallet, key, amount, std::move(limits));
    context.out.result(json_of(now, wallet->address(), key, token), text_of(now, key, token));
    context.out.remark(
        "  Calls of every model are paid from it. What you don't use comes back: "
        "stoa purse exit");
}

Task<void> purse_revoke(Context& context, const PurseOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = token_of(deployment, options);
    const auto wallet = context.signer(options.key);
    const eth::Address key = key_in(context, options.session_key);
    Purse purse{context, deployment, token, wallet->address()};
    const std::string transaction = co_await purse.revoke(*wallet, key);
    json::object out;
    out["key"] = to_checksum(key);
    out["transaction"] = transaction;
    context.out.result(out, to_checksum(key) + " may take no more out of your purse.");
    context.out.remark("  What it has set aside for models is still there: stoa session close");
}

Task<void> purse_exit(Context& context, const PurseOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = token_of(deployment, options);
    const auto wallet = context.signer(options.key);
    Purse purse{context, deployment, token, wallet->address()};
    const Purse::Returned done = co_await purse.exit(*wallet);
    json::object out;
    out["amount"] = to_decimal(done.amount);
    out["token"] = to_checksum(token.address);
    out["waiting"] = done.waiting;
    out["transaction"] = done.transaction;
    context.out.result(out, format_units(done.amount, token.decimals) + ' ' + token.symbol +
                                " came back to your wallet.");
    if (done.waiting) {
        context.out.remark("  " + std::to_string(done.waiting) +
                           " sessions still hold money: run this again in some minutes, and for "
                           "other nodes' in an hour.");
    }
}

}  // namespace stoa::client
