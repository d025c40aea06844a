#pragma once

#include <memory>
#include <optional>

#include "stoa/gateway/paid_answers.hpp"
#include "stoa/ledger/ledger.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway {

/// A call that is paid for and not served yet: charged once, or given back when the object ends.
class Purchase {
  public:
    Purchase(PaidAnswers::Running running, const PaidAnswers::Key& key, const Amount& maximum)
        : running_(std::move(running)), key_(key), maximum_(maximum) {}
    virtual ~Purchase() = default;
    Purchase(const Purchase&) = delete;

    const PaidAnswers::Key& key() const { return key_; }
    const Amount& maximum() const { return maximum_; }
    /// The buyer has promised more meanwhile, durably.
    void raise_to(const Amount& maximum) { maximum_ = maximum; }

    /// What PAYMENT-RESPONSE says before the charge is known, where a client must be told at once
    /// that something is on chain.
    virtual std::optional<payment::SettlementResponse> early() const = 0;
    /// Durable on return; at most the maximum.
    virtual Task<payment::SettlementResponse> charge(Amount, payment::Usage) = 0;
    virtual Task<void> release() = 0;
    /// The channel, or the one-off payment, that pays.
    virtual const Hash256& account() const = 0;

  private:
    PaidAnswers::Running running_;
    PaidAnswers::Key key_;
    Amount maximum_;
};

/// Out of a channel: a reservation of the ledger, and the channel's turn.
class ChannelPurchase final : public Purchase {
  public:
    struct Deposit {
        Hash256 transaction;
        Amount amount;
    };

    ChannelPurchase(PaidAnswers::Running running, const PaidAnswers::Key& key,
                    const Amount& maximum, ledger::Ledger& ledger, ledger::Turns::Turn turn,
                    std::string network, std::optional<Deposit> deposit)
        : Purchase(std::move(running), key, maximum),
          ledger_(ledger),
          turn_(std::move(turn)),
          network_(std::move(network)),
          deposit_(std::move(deposit)) {}
    ~ChannelPurchase() override;

    std::optional<payment::SettlementResponse> early() const override;
    Task<payment::SettlementResponse> charge(Amount, payment::Usage) override;
    Task<void> release() override;
    const Hash256& account() const override { return turn_.channel(); }

  private:
    payment::SettlementResponse response(const Amount& charged) const;

    ledger::Ledger& ledger_;
    ledger::Turns::Turn turn_;
    std::string network_;
    std::optional<Deposit> deposit_;
    bool open_ = true;
};

/// By a transfer that is on chain already. Nothing can be given back: the answer stays owed.
class ExactPurchase final : public Purchase {
  public:
    ExactPurchase(PaidAnswers::Running running, const PaidAnswers::Key& key, ledger::Ledger& ledger,
                  ledger::ExactSettled settled, std::string network)
        : Purchase(std::move(running), key, settled.amount),
          ledger_(ledger),
          settled_(std::move(settled)),
          network_(std::move(network)) {}

    std::optional<payment::SettlementResponse> early() const override { return response(); }
    Task<payment::SettlementResponse> charge(Amount, payment::Usage) override;
    Task<void> release() override;
    const Hash256& account() const override { return settled_.payment; }

  private:
    payment::SettlementResponse response() const;

    ledger::Ledger& ledger_;
    ledger::ExactSettled settled_;
    std::string network_;
};

}  // namespace stoa::gateway
