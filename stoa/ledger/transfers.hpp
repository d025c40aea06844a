#pragma once

#include "stoa/chain/sender.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::ledger {

/// The call data of a signed one-off payment.
ByteVector transfer_call(const payment::TokenAuthorization&, ByteVector signature);

/// keccak256(token ‖ payer ‖ nonce): what names a one-off payment.
Hash256 transfer_id(const eth::Address& token, const payment::TokenAuthorization&);

/// Carries one-off payments (scheme `exact`) to the chain. The wish is in the ledger before the
/// transaction is sent, so that a crash between the two leaves a payment that the next start, or
/// the buyer's retry, finds on the chain: it is served, never lost.
class Transfers {
  public:
    Transfers(Ledger& ledger, chain::Sender& sender) : ledger_(ledger), sender_(sender) {}

    /// Returns once the payment is on chain and its answer is owed in the ledger. The caller holds
    /// the payment's turn and has checked the authorisation. The same payment again finds its
    /// first transaction. exact_simulation_failed (nothing was sent), exact_transaction_failed,
    /// settlement_pending after kDeadline; rpc_read_failed where no endpoint answers.
    Task<Result<ExactSettled>> carry(ExactBegun, ByteVector call);

    /// At start: asks the chain what became of payments that were about to be sent. What it can't
    /// say within kDeadline is left to the buyer's retry.
    Task<void> resolve();

    static constexpr std::chrono::seconds kDeadline{60};

  private:
    Task<Result<ExactSettled>> wait(ExactBegun);
    Task<void> resolve_one(ExactBegun);

    Ledger& ledger_;
    chain::Sender& sender_;
};

}  // namespace stoa::ledger
