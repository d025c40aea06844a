#pragma once

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stoa/ledger/event.hpp"
#include "stoa/payment/limits.hpp"

namespace stoa::ledger {

/// A channel as the record and the chain's mirror describe it. `charged` is C of the x402
/// documents, `chain.balance` B, `chain.claimed` T, `maximum` M; T ≤ C ≤ M and C ≤ B, unless a
/// reorganisation took a deposit back.
struct Channel {
    payment::ChannelConfig config;
    Amount charged;
    Amount maximum;  ///< Of the newest voucher; zero before the first one.
    std::optional<eth::Signature> signature;
    ChainState chain;
    std::optional<Reserved> reservation;
    Amount lost;
    std::optional<RefundSigned> refund;  ///< The newest; of one nonce the largest.
    std::int64_t opened_at = 0;
    std::int64_t used_at = 0;
    std::int64_t day = 0;  ///< Of the newest charge, in days (UTC) since 1970.
    Amount charged_that_day;

    Amount charged_on(std::int64_t a_day) const {
        return a_day == day ? charged_that_day : Amount{};
    }

    /// Earned and not yet in the contract's total.
    Amount unclaimed() const {
        return charged > chain.claimed ? charged - chain.claimed : Amount{};
    }
    /// The total that a claim now should name. After a reorganisation less may be there than was
    /// earned.
    Amount claimable() const { return std::min(charged, chain.balance); }
    /// What the payer would get back now.
    Amount refundable() const {
        return chain.balance > charged ? chain.balance - charged : Amount{};
    }
    /// What refunds that are signed can still take. A reorganisation may undo refunds that were
    /// made: then they are on their way again, and only the newest is known by its amount.
    Amount refunding() const {
        if (!refund || chain.refund_nonce > refund->nonce) return {};
        return chain.refund_nonce == refund->nonce ? refund->amount : refundable();
    }
    /// What of `of` stays, whatever the payer does: less what it withdraws or is paid back.
    Amount staying(const Amount& of) const {
        const Amount going = chain.withdrawing + refunding();
        return of > going ? of - going : Amount{};
    }
    /// More was earned than is there to claim: a deposit was taken back.
    bool short_of_balance() const { return charged > chain.balance; }

    friend bool operator==(const Channel&, const Channel&) = default;
};

/// The limits that this node keeps for a session; those of none are the largest numbers.
struct Limits {
    Amount per_day = payment::kNoDayLimit;
    std::uint64_t expires = payment::kNeverExpires;
    U256 next_nonce;
    friend bool operator==(const Limits&, const Limits&) = default;
};

inline constexpr std::int64_t kSecondsOfADay = 86'400;

/// A deposit that may have to be sent again until its block is final.
struct PendingDeposit {
    ChannelId channel;
    payment::ChannelConfig config;
    SignedDeposit deposit;
    std::optional<Hash256> transaction;
    std::uint64_t block = 0;
};

/// All channels, in memory: the fold of the record. The same events in the same order give the
/// same book, which is what a restart relies on.
class Book {
  public:
    void apply(const Event&);

    const Channel* find(const ChannelId&) const;
    const std::unordered_set<ChannelId>& of_payer(const eth::Address&) const;
    const std::unordered_set<ChannelId>& of_receiver(const eth::Address&) const;
    const std::unordered_map<ChannelId, Channel>& channels() const { return channels_; }

    /// By the deposit's salt within its channel.
    const PendingDeposit* deposit(const ChannelId&, const U256& salt) const;
    std::vector<PendingDeposit> deposits() const;
    /// Forgets deposits whose blocks can't be undone any more.
    void finalized(std::uint64_t block);

    /// A one-off payment that is settled and whose answer is still owed.
    const ExactSettled* owed(const Hash256& payment) const;

    /// A one-off payment whose transaction was about to be sent, and may be on chain.
    const ExactBegun* begun(const Hash256& payment) const;
    std::vector<ExactBegun> all_begun() const;

    /// Also of a channel that was closed: what was signed for it can't be used again.
    Limits limits(const ChannelId&) const;

    /// Ends every reservation without a charge; for the moment after a replay.
    void release_all();

  private:
    Channel& at(const ChannelId&);
    void on(const Opened&);
    void on(const Mirrored&);
    void on(const Reserved&);
    void on(const Charged&);
    void on(const Released&);
    void on(const DepositAccepted&);
    void on(const DepositIncluded&);
    void on(const Lost&);
    void on(const Closed&);
    void on(const ExactSettled&);
    void on(const ExactServed&);
    void on(const ExactBegun&);
    void on(const ExactAbandoned&);
    void on(const RefundSigned&);
    void on(const Raised&);
    void on(const Limited&);

    using Index = std::unordered_map<eth::Address, std::unordered_set<ChannelId>>;
    static const std::unordered_set<ChannelId>& under(const Index&, const eth::Address&);
    static void drop(Index&, const eth::Address&, const ChannelId&);

    std::unordered_map<ChannelId, Channel> channels_;
    Index by_payer_;
    Index by_receiver_;
    std::unordered_map<Hash256, PendingDeposit> deposits_;
    std::unordered_map<Hash256, ExactSettled> owed_;
    std::unordered_map<Hash256, ExactBegun> begun_;
    std::unordered_map<ChannelId, Limits> limits_;
};

}  // namespace stoa::ledger
