#pragma once

#include <optional>

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/gateway/config.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/ledger/channel_reader.hpp"
#include "stoa/ledger/channels.hpp"
#include "stoa/payment/x402.hpp"
#include "stoa/relay/quota.hpp"

namespace stoa::gateway {

/// What `/x402/verify` found of a payload, before it is JSON.
struct Verdict {
    std::optional<eth::Address> payer;
    std::optional<payment::ChannelSnapshot> channel;
    Result<void> valid;
};

/// What came of it at `/x402/settle`.
struct Settled {
    std::optional<eth::Address> payer;
    std::optional<payment::ChannelSnapshot> channel;
    std::optional<Hash256> transaction;
    std::optional<Amount> amount;
    Result<void> done;
};

struct FacilitatorParts {
    chain::Sender& sender;
    ledger::ChannelReader reader;
    const chain::Deployment& deployment;
    const payment::ChannelDomain& channels;
    db::Database& database;  ///< Its own: what was sent for others today.
    const io::Clock& clock;
};

/// The x402 facilitator for other servers: checks what pays the receivers that its operator has
/// listed, and sends it to the chain at the operator's cost, within limits of a day. It signs for
/// nobody, holds nothing of theirs, and knows only the chain: their servers count what is charged.
class Facilitator {
  public:
    Facilitator(FacilitatorParts, const FacilitatorSettings&);

    const std::vector<eth::Address>& receivers() const { return receivers_; }
    const std::vector<eth::Address>& tokens() const { return tokens_; }
    const FacilitatorSettings& settings() const { return settings_; }
    bool serves(const eth::Address& receiver) const;

    /// `wanted` is what the server asked of its buyer.
    Task<Verdict> verify(payment::PaymentPayload, payment::Requirements wanted);
    /// The same payload again finds its first transaction.
    Task<Settled> settle(payment::PaymentPayload, payment::Requirements wanted);

    static constexpr std::chrono::seconds kDeadline{60};

  private:
    struct Errand;

    Result<void> check_account(const eth::Address& receiver, const eth::Address& token) const;
    Result<void> check_channel(const payment::VoucherPayload&, const payment::Requirements&) const;
    Result<void> check_claims(const std::vector<payment::SignedClaim>&) const;
    Task<Verdict> verify_channel(payment::VoucherPayload, Amount deposit, bool is_refund);
    Task<Verdict> verify_deposit(payment::DepositPayload, payment::Requirements);
    Task<Verdict> verify_exact(payment::ExactPayload, payment::Requirements);

    Task<Settled> deposit(payment::DepositPayload, payment::Requirements);
    Task<Settled> exact(payment::ExactPayload, payment::Requirements);
    Task<Settled> claim(payment::ClaimPayload);
    Task<Settled> pay_out(payment::SettlePayload);
    Task<Settled> refund(payment::RefundPayload);

    chain::Job deposit_job(const payment::DepositPayload&) const;
    static chain::Job exact_job(const payment::ExactPayload&, const payment::Requirements&);
    Task<bool> is_known(std::string job);
    Task<Result<Hash256>> bring(Errand);
    Task<Result<void>> send(const Errand&);
    std::vector<ledger::Claim> rows_of(const std::vector<payment::SignedClaim>&) const;

    FacilitatorParts parts_;
    FacilitatorSettings settings_;
    std::vector<eth::Address> receivers_;
    std::vector<eth::Address> tokens_;
    relay::Quota quota_;
};

/// A channel as a facilitator answers it, who knows the chain alone.
payment::ChannelSnapshot snapshot_on_chain(const ledger::ChannelId&, const ledger::ChainState&);

}  // namespace stoa::gateway
