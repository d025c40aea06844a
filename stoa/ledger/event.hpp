#pragma once

#include <functional>
#include <optional>
#include <span>
#include <variant>

#include "stoa/base/amount.hpp"
#include "stoa/base/time.hpp"
#include "stoa/eth/signature.hpp"
#include "stoa/payment/channel.hpp"

/// What happened to money, in the order in which it became durable. The record is only appended
/// to; everything the ledger knows follows from it.
namespace stoa::ledger {

using ChannelId = Hash256;

/// An EIP-3009 deposit as its payer's wallet signed it (payment::deposit_nonce has the nonce).
struct SignedDeposit {
    Amount amount;
    std::uint64_t valid_after = 0;
    std::uint64_t valid_before = 0;
    U256 salt;
    ByteVector signature;  ///< Of any length: the payer may be a contract (ERC-1271).
    friend bool operator==(const SignedDeposit&, const SignedDeposit&) = default;
};

/// What a channel is on chain. The follower's reads replace it as a whole.
struct ChainState {
    Amount balance;       ///< All deposits minus refunds and withdrawals; claims don't lower it.
    Amount safe_balance;  ///< The same at the chain's `safe` block; at most `balance` counts.
    Amount claimed;       ///< The contract's totalClaimed.
    Amount withdrawing;
    std::int64_t withdraw_requested_at = 0;  ///< Unix seconds; 0: no withdrawal is pending.
    U256 refund_nonce;
    std::uint64_t block = 0;  ///< Whose state this is.
    friend bool operator==(const ChainState&, const ChainState&) = default;
};

/// First sight of a channel that pays us.
struct Opened {
    ChannelId channel;
    payment::ChannelConfig config;
    Amount charged;  ///< The contract's totalClaimed: what earlier records can no longer say.
    std::int64_t time = 0;
    friend bool operator==(const Opened&, const Opened&) = default;
};

struct Mirrored {
    ChannelId channel;
    ChainState state;
    friend bool operator==(const Mirrored&, const Mirrored&) = default;
};

/// A voucher was accepted for one request. Until `Charged`, nothing of it is earned.
struct Reserved {
    ChannelId channel;
    Amount maximum;            ///< What the voucher promises in total.
    eth::Signature signature;  ///< In the one form that the contract accepts.
    Amount amount;             ///< The request's price is at most this.
    Hash256 request;           ///< Of method, path and body.
    std::int64_t time = 0;
    friend bool operator==(const Reserved&, const Reserved&) = default;
};

struct Charged {
    ChannelId channel;
    Amount charged;  ///< The total after it.
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::int64_t time = 0;
    friend bool operator==(const Charged&, const Charged&) = default;
};

/// The reservation ended without a charge; its voucher may be used again.
struct Released {
    ChannelId channel;
    friend bool operator==(const Released&, const Released&) = default;
};

/// A wallet's signed deposit, kept so that it can be sent again after a reorganisation.
struct DepositAccepted {
    ChannelId channel;
    payment::ChannelConfig config;
    SignedDeposit deposit;
    std::int64_t time = 0;
    friend bool operator==(const DepositAccepted&, const DepositAccepted&) = default;
};

/// That deposit reached the chain.
struct DepositIncluded {
    ChannelId channel;
    U256 salt;
    Hash256 transaction;
    std::uint64_t block = 0;
    friend bool operator==(const DepositIncluded&, const DepositIncluded&) = default;
};

/// A reorganisation took a deposit back after some of it was earned, or returned it.
struct Lost {
    ChannelId channel;
    Amount amount;  ///< What is missing now; 0 once it is there again.
    std::int64_t time = 0;
    friend bool operator==(const Lost&, const Lost&) = default;
};

/// Emptied and forgotten. A later deposit opens it again.
struct Closed {
    ChannelId channel;
    std::int64_t time = 0;
    friend bool operator==(const Closed&, const Closed&) = default;
};

/// A one-off payment (scheme `exact`) is on chain and owes one answer.
struct ExactSettled {
    Hash256 payment;  ///< keccak256(token ‖ payer ‖ nonce of the authorisation).
    eth::Address payer;
    eth::Address receiver;
    eth::Address token;
    Amount amount;
    Hash256 transaction;
    Hash256 request;
    std::int64_t time = 0;
    friend bool operator==(const ExactSettled&, const ExactSettled&) = default;
};

struct ExactServed {
    Hash256 payment;
    friend bool operator==(const ExactServed&, const ExactServed&) = default;
};

/// A one-off payment was taken and its transaction is about to be sent: whatever happens to the
/// node from here on, the chain says whether an answer is owed.
struct ExactBegun {
    Hash256 payment;  ///< As in ExactSettled, and so on.
    eth::Address payer;
    eth::Address receiver;
    eth::Address token;
    Amount amount;
    Hash256 request;
    std::int64_t time = 0;
    friend bool operator==(const ExactBegun&, const ExactBegun&) = default;
};

/// That transaction was never sent, or failed: nothing was paid and nothing is owed.
struct ExactAbandoned {
    Hash256 payment;
    friend bool operator==(const ExactAbandoned&, const ExactAbandoned&) = default;
};

/// A refund was signed and may be sent: until the channel's refund nonce is past it, a transaction
/// that nobody can call back takes `amount` out of the channel.
struct RefundSigned {
    ChannelId channel;
    U256 nonce;
    Amount amount;
    std::int64_t time = 0;
    friend bool operator==(const RefundSigned&, const RefundSigned&) = default;
};

/// The call that runs was given a larger voucher: its reservation grows.
struct Raised {
    ChannelId channel;
    Amount maximum;            ///< What the new voucher promises in total.
    eth::Signature signature;  ///< As in Reserved.
    Amount amount;             ///< The whole call's price is at most this.
    std::int64_t time = 0;
    friend bool operator==(const Raised&, const Raised&) = default;
};

/// What the payer allows the session from now on, as this node keeps it; each replaces the one
/// before.
struct Limited {
    ChannelId channel;
    Amount per_day;
    std::uint64_t expires = 0;  ///< Unix seconds.
    U256 nonce;                 ///< That it was signed with.
    std::int64_t time = 0;
    friend bool operator==(const Limited&, const Limited&) = default;
};

/// The order is the number that stands in the record: append only.
using Event = std::variant<Opened, Mirrored, Reserved, Charged, Released, DepositAccepted,
                           DepositIncluded, Lost, Closed, ExactSettled, ExactServed, ExactBegun,
                           ExactAbandoned, RefundSigned, Raised, Limited>;

/// The number of the event's kind and its fields: fixed width, big-endian, in the order of
/// declaration; byte strings behind a 16-bit length.
ByteVector encode(const Event&);

/// Events that became durable together, in one text: of a single one as above; of several a byte
/// that is no event's number, then each behind a 16-bit length.
ByteVector encode_together(std::span<const Event>);

/// The inverse of `encode`. Throws `std::runtime_error`: a record that can't be read is a broken
/// disk or a newer program, and money must not move on a guess.
Event decode(Bytes);

/// The inverse of `encode_together`, and as strict.
void decode_together(Bytes, const std::function<void(const Event&)>& found);

}  // namespace stoa::ledger
