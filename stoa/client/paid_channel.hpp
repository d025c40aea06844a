#pragma once

#include <optional>

#include "stoa/keys/signer.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::client {

/// A buyer's memory of one channel. `signed_max` is on disk before the voucher of that total is
/// sent: what is charged beyond it was never agreed to.
struct ChannelMemory {
    payment::ChannelConfig config;
    Hash256 channel_id;
    Amount balance;     ///< Deposited, less what came back.
    Amount charged;     ///< In total, as the node said.
    Amount signed_max;  ///< The largest total ever signed.

    Amount left() const { return balance > charged ? balance - charged : Amount{}; }
    friend bool operator==(const ChannelMemory&, const ChannelMemory&) = default;
};

/// Decides what a buyer signs and believes. It never signs for more than `charged` plus the one
/// call's price, and believes no charge that it hasn't signed for.
class PaidChannel {
  public:
    /// Both must outlive it; `session_key` signs vouchers and is the config's payer_authorizer.
    PaidChannel(const payment::ChannelDomain& domain, const keys::Signer& session_key,
                ChannelMemory memory);

    const ChannelMemory& memory() const { return memory_; }

    /// Whether a voucher of this channel can answer `offered`.
    bool pays(const payment::Requirements& offered) const;

    /// What is missing for a call of this price; 0 when nothing is.
    Amount missing(const Amount& price) const;

    /// Promises the price of one call on top of what was charged. Asserts that nothing is missing.
    payment::PaymentPayload pay(const payment::Requirements& offered, const std::string& url);

    /// The answer to a paid call: its charge. Ignores a charge above what was signed, and answers
    /// of other channels: nothing.
    std::optional<Amount> settle(const payment::SettlementResponse&);

    /// A corrective 402: the node knows of charges that this side missed (or forgot). Believes it
    /// where they are within `signed_max`, or where it shows our own signature of a larger total.
    /// False when there is nothing to believe.
    bool correct(const payment::Requirements& offered);

    /// A deposit was carried.
    void deposited(const Amount& amount) { memory_.balance += amount; }
    void set_balance(const Amount& balance) { memory_.balance = balance; }

  private:
    const payment::ChannelDomain& domain_;
    const keys::Signer& session_key_;
    ChannelMemory memory_;
};

/// The first offer of scheme batch-settlement on `network`, if there is one.
const payment::Requirements* channel_offer(const payment::PaymentRequired&,
                                           std::string_view network);

}  // namespace stoa::client
