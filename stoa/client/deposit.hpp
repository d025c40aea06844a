#pragma once

#include "stoa/client/context.hpp"

namespace stoa::client {

/// Money into channels: one signature of the wallet, carried to the chain by the node.
class Depositor {
  public:
    Depositor(Context& context, const Deployment& deployment, const keys::Signer& wallet)
        : context_(context),
          deployment_(deployment),
          wallet_(wallet),
          domain_(deployment.chain_id),
          chain_(context.node, deployment.chain_id) {}

    /// A new session of `amount`, held by `session_key`. Throws `Failure`, before anything is
    /// signed, where the chain doesn't know the receiver as a service's.
    Task<Session> open(const payment::Requirements& offered, const std::string& model,
                       const eth::Address& session_key, const Amount& amount);

    /// Adds `amount` to it.
    Task<Session> top_up(Session session, const Amount& amount);

  private:
    Task<Session> carry(Session session, const Amount& amount);

    Context& context_;
    const Deployment& deployment_;
    const keys::Signer& wallet_;
    payment::ChannelDomain domain_;
    Chain chain_;
};

/// The service that is paid at `offered.pay_to`. Throws `Failure` where the chain knows none there:
/// the creators would be left without their share.
Task<U256> service_of(Chain&, const Deployment&, const payment::Requirements& offered);

/// On a development chain the faucet helps out, so that a new key can begin at once. Throws
/// `Failure` where `owner` has less.
Task<void> have_funds(Context&, const Deployment&, eth::Address owner, const TokenInfo&, Amount);

/// What the chain says is in a channel.
Task<Amount> channel_balance(Chain&, Hash256 channel_id);

/// What the node asks for a typical call of `model`. Throws `Failure` where it takes no sessions.
Task<payment::Requirements> typical_offer(Context&, const Deployment&, const std::string& model);

}  // namespace stoa::client
