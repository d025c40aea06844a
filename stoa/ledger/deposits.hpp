#pragma once

#include "stoa/chain/sender.hpp"
#include "stoa/ledger/mirror.hpp"

namespace stoa::ledger {

/// Carries wallets' signed deposits to the chain.
class Deposits {
  public:
    Deposits(Ledger& ledger, Mirror& mirror, chain::Sender& sender, payment::ChannelDomain domain)
        : ledger_(ledger), mirror_(mirror), sender_(sender), domain_(std::move(domain)) {}

    struct Done {
        Hash256 transaction;
        std::uint64_t block = 0;
    };

    /// Returns once the deposit is in a block and the channel, if it is in the book, knows it. The
    /// same deposit again finds the first transaction. deposit_simulation_failed (nothing was
    /// sent), deposit_transaction_failed, settlement_pending after kDeadline; rpc_read_failed
    /// where no endpoint answers.
    Task<Result<Done>> carry(ChannelId, payment::ChannelConfig, SignedDeposit);

    static constexpr std::chrono::seconds kDeadline{60};

  private:
    Ledger& ledger_;
    Mirror& mirror_;
    chain::Sender& sender_;
    payment::ChannelDomain domain_;
};

}  // namespace stoa::ledger
