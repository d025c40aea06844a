#pragma once

#include "stoa/client/commands.hpp"
#include "stoa/client/deposit.hpp"
#include "stoa/client/payer.hpp"

namespace stoa::client {

/// A payer for one command: pays out of the key's sessions, which it opens and fills from the
/// purse. The wallet signs only where the user named a deposit.
class WalletPayer {
  public:
    WalletPayer(Context&, const Deployment&, const CallOptions&);

    Payer& payer() { return payer_; }

    /// Says what the call cost, to people.
    void tell_charge(const Outcome&);

  private:
    Task<Session> fund(const payment::Requirements& offered, std::optional<Session> session,
                       Amount missing);

    Amount deposit_of(const TokenInfo&) const;
    const keys::Signer& wallet();
    Failure too_little(bool has_session, const Amount& missing, const TokenInfo&) const;

    Context& context_;
    const Deployment& deployment_;
    CallOptions options_;
    eth::Address owner_;
    std::unique_ptr<keys::Signer> wallet_;  ///< Opened when it must sign.
    std::unique_ptr<keys::Signer> session_key_;
    Payer payer_;
};

/// Reads the channel's balance from the chain: whether the money is there after all.
Task<bool> has_enough(Context&, const Deployment&, Session&, const Amount& price);

}  // namespace stoa::client
