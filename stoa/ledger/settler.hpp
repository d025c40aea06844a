#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include <boost/asio/steady_timer.hpp>

#include "stoa/chain/sender.hpp"
#include "stoa/ledger/mirror.hpp"

namespace stoa::ledger {

struct SettlerConfig {
    std::chrono::seconds interval{60};
    /// A receiver's earnings of one token are claimed when they reach this, or when the oldest of
    /// them is older than `max_age`.
    Amount threshold{1'000'000};
    std::chrono::seconds max_age{6 * 3600};
    std::size_t max_rows = 50;
    /// Channels that nobody used for so long get their rest back unasked.
    std::chrono::seconds idle_refund{7 * 24 * 3600};
    std::chrono::seconds deadline{90};  ///< Of one transaction.
};

/// Brings what was earned to the chain, and what is left back to the payers. Claims are signed by
/// the receivers' authorizer and sent by whoever pays the gas. One event loop.
class Settler {
  public:
    Settler(Ledger&, Mirror&, chain::Sender&, const keys::Signer& authorizer,
            payment::ChannelDomain, const io::Clock&, boost::asio::any_io_executor,
            SettlerConfig config = {}, io::Log log = {});

    eth::Address authorizer() const { return authorizer_.address(); }

    /// Rounds until cancelled: every interval, and at once for payers who are leaving.
    Task<void> run();
    void kick();

    /// One round: leaving channels, each alone; then every receiver whose earnings are due; then
    /// idle channels. Failures are logged and tried again in the next round.
    Task<void> step();

    /// Something was claimed for this receiver by another way: the next round pays it out.
    void settle_later(const eth::Address& receiver, const eth::Address& token) {
        unsettled_.insert({receiver, token});
    }

    /// Claims and settles everything, as before a service ends.
    Task<void> settle_everything();

    /// Before the node ends: claims payers who are leaving and what is due, as a round does, and
    /// nothing that isn't worth its gas. At once where there is nothing. Does not throw where the
    /// chain doesn't answer.
    Task<void> settle_due();

    struct Refunded {
        Hash256 transaction;
        Amount amount;
    };

    /// Claims what the channel owes and pays `asked`, or all that isn't charged, back to its payer
    /// in one transaction. The caller holds the turn and has checked who asks.
    /// refund_amount_invalid, refund_no_balance, not_safe_yet, refund_simulation_failed,
    /// refund_transaction_failed, rpc_read_failed, settlement_pending.
    Task<Result<Refunded>> refund(const Turns::Turn&, std::optional<Amount> asked);

    /// Pays what is claimed to the receiver: settle_simulation_failed, settle_transaction_failed,
    /// nothing_to_settle, rpc_read_failed, settlement_pending.
    Task<Result<Hash256>> settle_now(eth::Address receiver, eth::Address token);

    /// The rows that a claim of this moment has, for `stoad --watch` and tests.
    std::vector<Claim> claims(const eth::Address& receiver, const eth::Address& token) const;

  private:
    struct Account {
        eth::Address receiver;
        eth::Address token;
        friend auto operator<=>(const Account&, const Account&) = default;
    };
    struct Due {
        Amount earned;
        std::int64_t oldest = 0;
    };

    bool is_ours(const Channel&) const;
    std::optional<Claim> claim_of(const ChannelId&, const Channel&) const;
    std::vector<Account> due_accounts(bool everything) const;
    Task<void> claim_leaving();
    Task<void> claim_account(Account);
    /// True when all rows are claimed. A batch that is refused is halved until the row is alone.
    Task<bool> claim(std::vector<Claim>);
    Task<void> settle(Account);
    Task<void> settle_rest();
    Task<void> refund_idle();
    chain::Job refund_job(const ChannelId&, const Channel&, const Amount&) const;
    ByteVector signed_claim(const std::vector<Claim>&) const;
    Task<Result<void>> bring(chain::Job, payment::PaymentError simulation,
                             payment::PaymentError transaction, Hash256* hash = nullptr);

    Ledger& ledger_;
    Mirror& mirror_;
    chain::Sender& sender_;
    const keys::Signer& authorizer_;
    payment::ChannelDomain domain_;
    const io::Clock& clock_;
    SettlerConfig config_;
    io::Log log_;
    boost::asio::steady_timer wake_;
    bool kicked_ = false;
    bool stepping_ = false;
    /// Claimed, and maybe not paid out: every receiver at start, since nobody wrote it down.
    std::set<Account> unsettled_;
    bool is_first_round_ = true;
    std::unordered_map<ChannelId, Amount> refused_;  ///< Totals whose claim the contract refuses.
};

}  // namespace stoa::ledger
