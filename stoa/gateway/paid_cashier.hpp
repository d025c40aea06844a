#pragma once

#include <variant>

#include "stoa/gateway/paid.hpp"
#include "stoa/gateway/paid_offer.hpp"
#include "stoa/gateway/paid_purchase.hpp"
#include "stoa/ledger/transfers.hpp"

namespace stoa::gateway {

/// Takes payments: checks them from cheap to dear, and makes them durable.
class Cashier {
  public:
    explicit Cashier(const PaidParts& parts)
        : parts_(parts),
          answers_(parts.executor, parts.clock),
          transfers_(parts.ledger, parts.sender) {}

    PaidAnswers& answers() { return answers_; }

    /// At start: what became of payments that a crash interrupted.
    Task<void> resume() { return transfers_.resolve(); }

    /// The second where there is no purchase: a refusal, a refund, or an answer given before.
    using Bought = std::variant<std::unique_ptr<Purchase>, io::Response>;

    // Offers, terms and what else comes by reference are the caller's until it is told.

    /// `request` is the hash of method, path and body; `service` the one that `offer` is of.
    Task<Bought> buy(const PaidOffer& offer, const ServiceTerms& service, payment::PaymentPayload&&,
                     const Hash256& request);

    /// A look before a call: its terms; or the refund that the request asks for.
    Task<Answer> look(const PaidOffer&, const ServiceTerms&, const Request&);

    /// How long a second call of a channel waits for the first.
    static constexpr std::chrono::milliseconds kBusyWait{250};
    /// How long the same call again waits for the first one's answer.
    static constexpr std::chrono::seconds kSameWait{120};

  private:
    Task<Bought> by_channel(const PaidOffer&, const ServiceTerms&, payment::VoucherPayload,
                            std::unique_ptr<payment::DepositPayload>, Amount amount,
                            Hash256 request);
    Task<Bought> by_transfer(PaidOffer, payment::ExactPayload, Hash256 request);
    Task<Bought> refund(const PaidOffer&, const ServiceTerms&, payment::RefundPayload);

    /// Everything that needs no chain and no waiting.
    Result<void> check(const ServiceTerms&, const payment::VoucherPayload&) const;
    /// A channel that isn't in the book, from the chain.
    Task<Result<void>> open_channel(const payment::VoucherPayload&);
    Task<Result<ChannelPurchase::Deposit>> deposit(const payment::DepositPayload&, Amount amount);
    Task<Result<ledger::ExactSettled>> transfer(payment::Requirements offered,
                                                payment::ExactPayload, Hash256 payment,
                                                Hash256 request);
    io::Response refused(const PaidOffer&, const std::error_code&,
                         const ledger::ChannelId& = {}) const;

    const PaidParts& parts_;
    PaidAnswers answers_;
    ledger::Transfers transfers_;
};

}  // namespace stoa::gateway
