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

    /// What the chain says is in it.
    Task<Amount> balance(const Hash256& channel_id);

  private:
    Task<void> prove_receiver(const payment::Requirements&);
    Task<void> have_funds(const TokenInfo& token, const Amount& amount);
    Task<Session> carry(Session session, const Amount& amount);

    Context& context_;
    const Deployment& deployment_;
    const keys::Signer& wallet_;
    payment::ChannelDomain domain_;
    Chain chain_;
};

/// What the node asks for a typical call of `model`. Throws `Failure` where it takes no sessions.
Task<payment::Requirements> typical_offer(Context&, const Deployment&, const std::string& model);

}  // namespace stoa::client
