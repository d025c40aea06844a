// The one owner of money that is earned off chain. Everything that it knows follows from events
// (event.hpp) that are durable before anybody may rely on them (record.hpp): a call is reserved
// before the engine sees it, and charged before the last byte of its answer leaves. A restart folds
// the events again (book.hpp); a reservation that was never charged costs nothing. The chain's side
// of a channel is a mirror (mirror.hpp); claims, refunds and deposits bring it there (settler.hpp,
// deposits.hpp). Everything lives on the node's event loop.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>

#include "stoa/io/clock.hpp"
#include "stoa/ledger/book.hpp"
#include "stoa/ledger/record.hpp"
#include "stoa/ledger/turns.hpp"
#include "stoa/payment/check.hpp"
#include "stoa/payment/price.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::ledger {

struct LedgerConfig {
    std::filesystem::path file;
    /// How much of deposits that a reorganisation could still undo may be spent, in units of a
    /// token: by one payer, and by all. What a reorganisation did take stays used until it is back.
    Amount unsafe_credit_per_payer{1'000'000};
    Amount unsafe_credit{50'000'000};
    std::size_t max_channels = 100'000;
};

/// A voucher that was accepted for one call.
struct Reservation {
    payment::Voucher voucher;
    eth::Signature signature;
    Amount amount;
    Hash256 request;
};

class Ledger {
  public:
    /// Opens and replays. `failed` is called once, on the event loop, when the record breaks: the
    /// node must end. Throws `RecordInUse`, `db::DbFailure`, and for a record that can't be read.
    Ledger(boost::asio::any_io_executor, const io::Clock&, LedgerConfig,
           std::function<void(const std::string& why)> failed);

    const Book& book() const { return book_; }
    Turns& turns() { return turns_; }
    bool is_full() const { return book_.channels().size() >= config_.max_channels; }

    /// What vouchers may count on: the balance less what the payer is withdrawing and what signed
    /// refunds can take, and of unsafe deposits only what credit allows.
    payment::ChannelState state_of(const ChannelId&, const Channel&) const;
    payment::ChannelSnapshot snapshot_of(const ChannelId&, const Channel&) const;
    /// Whether `amount` may go back to the payer now. A fork could undo deposits and leave the
    /// payment, so what was charged must stay within what is safe after it, up to the credit.
    bool may_refund(const ChannelId&, const Channel&, const Amount& amount) const;

    /// Refuses a call of at most `amount` that the limits kept here don't allow: session_expired,
    /// session_day_limit.
    Result<void> check_limits(const ChannelId&, const Amount& amount) const;

    // All of these return when what they say is durable and in the book. They throw `RecordBroken`.
    // Cancelling the caller doesn't undo them.

    /// A channel that isn't in the book.
    Task<void> open(ChannelId, payment::ChannelConfig, ChainState);
    /// The caller has checked the voucher and holds the channel's turn until charge or release.
    Task<void> reserve(Reservation);
    /// A larger voucher for the call that runs, whose caller has not begun to charge or release it.
    /// What was reserved before stays so until this is durable.
    Task<void> raise(payment::Voucher, eth::Signature);
    /// At most the reservation's amount.
    Task<void> charge(ChannelId, Amount charge, payment::Usage);
    Task<void> release(ChannelId);
    /// The same for destructors: begins it, and gives the turn back when it is done.
    void release_later(Turns::Turn);

    Task<void> deposit_accepted(ChannelId, payment::ChannelConfig, SignedDeposit);
    Task<void> deposit_included(ChannelId, U256 salt, Hash256 transaction, std::uint64_t block);
    Task<void> mirror(ChannelId, ChainState);
    /// Before a refund is sent. The caller holds the channel's turn.
    Task<void> refund_signed(ChannelId, U256 nonce, Amount amount);
    Task<void> close(ChannelId);
    /// The caller has checked who signed them, and their nonce.
    Task<void> limit(payment::SessionLimits);
    Task<void> exact_begun(ExactBegun);
    Task<void> exact_abandoned(Hash256 payment);
    Task<void> exact_settled(ExactSettled);
    Task<void> exact_served(Hash256 payment);
    /// Blocks up to this one are final.
    void finalized(std::uint64_t block) { book_.finalized(block); }

  private:
    Task<void> append(std::vector<Event>);
    void gather();
    void begin_write();
    Task<void> write();
    std::int64_t now() const { return unix_seconds(clock_.now()); }
    void apply(const Event&);
    Amount unsafe_used(const Channel&) const;
    /// What the payer's other channels leave of it.
    Amount credit_for(const ChannelId&, const Channel&) const;

    boost::asio::any_io_executor executor_;
    const io::Clock& clock_;
    LedgerConfig config_;
    std::function<void(const std::string&)> failed_;
    /// Who waits for the disk. Ends after the turns, so that calls that are broken off by the end
    /// of the node find theirs gone.
    struct Waiting {
        std::vector<Event> events;
        boost::asio::any_completion_handler<void(std::exception_ptr)> done;
    };
    std::vector<Waiting> waiting_;
    bool is_gathering_ = false;
    bool is_writing_ = false;
    Record record_;
    Book book_;
    Turns turns_;
    std::unordered_set<ChannelId> unsafe_;  ///< Not safe in full, or short of what was earned.
};

}  // namespace stoa::ledger
