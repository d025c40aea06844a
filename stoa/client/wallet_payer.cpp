#include "stoa/client/wallet_payer.hpp"

#include "stoa/client/contracts.hpp"
#include "stoa/client/purse.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

WalletPayer::WalletPayer(Context& context, const Deployment& deployment, const CallOptions& options)
    : context_(context),
      deployment_(deployment),
      options_(options),
      owner_(owner_of(context, options.key, options.owner)),
      session_key_(context.session_key()),
      payer_(context, deployment, owner_, *session_key_,
             [this](const payment::Requirements& offered, std::optional<Session> session,
                    Amount missing) { return fund(offered, std::move(session), missing); }) {}

const keys::Signer& WalletPayer::wallet() {
    if (!wallet_) wallet_ = context_.signer(options_.key);
    if (wallet_->address() != owner_) {
        throw Failure("not_the_owner", "The key here is not that of " + to_checksum(owner_) + '.',
                      "Fill the purse where its key is: stoa purse fund 5.00 --session-key " +
                          to_checksum(session_key_->address()));
    }
    return *wallet_;
}

Amount WalletPayer::deposit_of(const TokenInfo& token) const {
    if (options_.deposit.empty()) return {};
    return value_or_failure(parse_units(options_.deposit, token.decimals), "--deposit",
                            "Write it as 1.50, in " + token.symbol + '.');
}

Failure WalletPayer::too_little(bool has_session, const Amount& missing,
                                const TokenInfo& token) const {
    const std::string key = options_.key.empty() ? "" : " --key " + options_.key;
    const std::string fill =
        Purse::is_possible(deployment_, token)
            ? "Fill your purse: stoa purse fund 1.00" + key
            : "Open one: stoa session open " + options_.model + " --deposit 1.00" + key;
    return {has_session ? "session_used_up" : "no_session",
            has_session ? "The session with " + options_.model + " has " +
                              format_units(missing, token.decimals) + ' ' + token.symbol +
                              " too little left for this call."
                        : "There is no session with " + options_.model + " yet.",
            fill + "  (or name a --deposit here)"};
}

Task<Session> WalletPayer::fund(const payment::Requirements& offered,
                                std::optional<Session> session, Amount missing) {
    if (session && co_await has_enough(context_, deployment_, *session, offered.amount)) {
        co_return *std::move(session);
    }
    const TokenInfo& token = deployment_.token(offered.asset);
    const Amount deposit = deposit_of(token);
    const bool has_session = session.has_value();
    if (Purse::is_possible(deployment_, token)) {
        Purse purse{context_, deployment_, token, owner_};
        PurseWish wish;
        wish.needed = has_session && session->owner ? missing : offered.amount;
        if (has_session) wish.lane = session->lane();
        wish.refill = deposit;
        wish.slice = quarter_of(deposit);
        auto open_wallet = [this]() -> const keys::Signer& { return wallet(); };
        std::function<const keys::Signer&()> of = std::move(open_wallet);
        auto locked =
            co_await purse.provide(offered, options_.model, *session_key_, wish, std::move(of));
        if (!locked) throw too_little(has_session, missing, token);
        co_return *std::move(locked);
    }
    if (deposit == Amount{}) throw too_little(has_session, missing, token);
    if (deposit < missing) {
        throw Failure("deposit_too_small",
                      "This call needs " + format_units(missing, token.decimals) + ' ' +
                          token.symbol + " more.",
                      "Raise --deposit, or lower --max-tokens.");
    }
    Depositor depositor{context_, deployment_, wallet()};
    if (session) co_return co_await depositor.top_up(*std::move(session), deposit);
    co_return co_await depositor.open(offered, options_.model, session_key_->address(), deposit);
}

void WalletPayer::tell_charge(const Outcome& outcome) {
    if (!outcome.session) return;
    const auto& channel = outcome.session->channel;
    const TokenInfo& token = deployment_.token(channel.config.token);
    if (!outcome.charge_known) {
        context_.out.remark("  The answer broke off; `stoa session status` shows what it cost.");
        return;
    }
    context_.out.remark("  " + format_units(outcome.charged, token.decimals) + ' ' + token.symbol +
                        ", " + format_units(channel.balance - channel.charged, token.decimals) +
                        " left in the session");
}

Task<bool> has_enough(Context& context, const Deployment& deployment, Session& session,
                      const Amount& price) {
    Chain chain{context.node, deployment.chain_id};
    std::vector<eth::abi::Value> id;
    id.emplace_back(session.channel.channel_id);
    const auto state = co_await chain.read(payment::kChannels, channels::kChannels, id);
    session.channel.balance = state.at(0).as_amount();
    co_return session.channel.charged + price <= session.channel.balance;
}

}  // namespace stoa::client
