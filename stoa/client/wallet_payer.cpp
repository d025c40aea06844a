#include "stoa/client/wallet_payer.hpp"

#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

WalletPayer::WalletPayer(Context& context, const Deployment& deployment, std::string key,
                         std::string model, std::string deposit)
    : context_(context),
      deployment_(deployment),
      key_(std::move(key)),
      model_(std::move(model)),
      deposit_(std::move(deposit)),
      session_key_(context.session_key()),
      payer_(context, deployment, context.key_entry(key_).address, *session_key_,
             [this](const payment::Requirements& offered, std::optional<Session> session,
                    Amount missing) { return fund(offered, std::move(session), missing); }) {}

Task<Session> WalletPayer::fund(const payment::Requirements& offered,
                                std::optional<Session> session, Amount missing) {
    if (session && co_await has_enough(context_, deployment_, *session, offered.amount)) {
        co_return *std::move(session);
    }
    const TokenInfo& token = deployment_.token(offered.asset);
    if (deposit_.empty()) {
        const std::string open = "stoa session open " + model_ + " --deposit 1.00" +
                                 (key_.empty() ? "" : " --key " + key_);
        throw Failure(session ? "session_used_up" : "no_session",
                      session ? "The session with " + model_ + " has " +
                                    format_units(missing, token.decimals) + ' ' + token.symbol +
                                    " too little left for this call."
                              : "There is no session with " + model_ + " yet.",
                      "Open one: " + open + "  (or name a --deposit here)");
    }
    const Amount amount = value_or_failure(parse_units(deposit_, token.decimals), "--deposit",
                                           "Write it as 1.50, in " + token.symbol + '.');
    if (amount < missing) {
        throw Failure("deposit_too_small",
                      "This call needs " + format_units(missing, token.decimals) + ' ' +
                          token.symbol + " more.",
                      "Raise --deposit, or lower --max-tokens.");
    }
    const auto wallet = context_.signer(key_);
    Depositor depositor{context_, deployment_, *wallet};
    if (session) co_return co_await depositor.top_up(*std::move(session), amount);
    co_return co_await depositor.open(offered, model_, session_key_->address(), amount);
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
