#pragma once

#include "stoa/client/deposit.hpp"
#include "stoa/client/payer.hpp"

namespace stoa::client {

/// A payer for one command: pays out of the key's sessions, and opens or refills one only where
/// the user named a deposit.
class WalletPayer {
  public:
    /// `deposit` is empty, or what to put into a session that is missing or used up.
    WalletPayer(Context&, const Deployment&, std::string key, std::string model,
                std::string deposit);

    Payer& payer() { return payer_; }

    /// Says what the call cost, to people.
    void tell_charge(const Outcome&);

  private:
    Task<Session> fund(const payment::Requirements& offered, std::optional<Session> session,
                       Amount missing);

    Context& context_;
    const Deployment& deployment_;
    std::string key_;
    std::string model_;
    std::string deposit_;
    std::unique_ptr<keys::Signer> session_key_;
    Payer payer_;
};

/// Reads the channel's balance from the chain: whether the money is there after all.
Task<bool> has_enough(Context&, const Deployment&, Session&, const Amount& price);

}  // namespace stoa::client
