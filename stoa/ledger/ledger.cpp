#include "stoa/ledger/ledger.hpp"

#include <algorithm>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/assert.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::ledger {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxWaiting = 16'384;
/// So many share a sync that the loop had better go on with the other calls meanwhile.
constexpr std::size_t kEnough = 48;
constexpr std::int64_t kClockMargin = 120;  ///< Seconds: of a block's time against ours.

Amount left(const Amount& whole, const Amount& used) {
    return whole > used ? whole - used : Amount{};
}

template <class... Events>
std::vector<Event> all_of(Events&&... events) {
    std::vector<Event> list;
    list.reserve(sizeof...(events));
    (list.emplace_back(std::forward<Events>(events)), ...);
    return list;
}

}  // namespace

Ledger::Ledger(asio::any_io_executor executor, const io::Clock& clock, LedgerConfig config,
               std::function<void(const std::string&)> failed)
    : executor_(std::move(executor)),
      clock_(clock),
      config_(std::move(config)),
      failed_(std::move(failed)),
      record_(config_.file),
      turns_(executor_) {
    record_.replay([this](const Event& event) { apply(event); });
    book_.release_all();
}

payment::ChannelState Ledger::state_of(const ChannelId& id, const Channel& channel) const {
    const ChainState& chain = channel.chain;
    Amount usable = channel.staying(chain.balance);
    // A fork may undo the newer deposit and leave the withdrawal or the refund.
    const Amount firm = channel.staying(chain.safe_balance);
    if (firm < usable) usable = std::min(usable, firm + credit_for(id, channel));
    return {usable, chain.claimed, channel.charged};
}

Amount Ledger::credit_for(const ChannelId& id, const Channel& channel) const {
    Amount used_by_payer;
    Amount used_by_all;
    for (const ChannelId& other : unsafe_) {
        const Channel* it = book_.find(other);
        if (other == id || it->config.token != channel.config.token) continue;
        used_by_all += unsafe_used(*it);
        if (it->config.payer == channel.config.payer) used_by_payer += unsafe_used(*it);
    }
    return std::min(left(config_.unsafe_credit_per_payer, used_by_payer),
                    left(config_.unsafe_credit, used_by_all));
}

bool Ledger::may_refund(const ChannelId& id, const Channel& channel, const Amount& amount) const {
    const ChainState& chain = channel.chain;
    // The contract pays what is there, up to the signed amount, also to whoever takes the refund
    // out of our transaction and sends it without the claim before it.
    Amount gone = amount;
    // A withdrawal whose time has come may be paid beside the refund that would take its place.
    const auto delay = static_cast<std::int64_t>(channel.config.withdraw_delay_seconds);
    const bool is_due = chain.withdraw_requested_at != 0 &&
                        chain.withdraw_requested_at + delay <= now() + kClockMargin;
    if (is_due) gone += chain.withdrawing;
    // So may earlier refunds that a fork has undone.
    if (channel.refund && chain.refund_nonce < channel.refund->nonce) gone += channel.refunding();
    const Amount firm = left(chain.safe_balance, gone);
    return channel.charged <= firm || channel.charged - firm <= credit_for(id, channel);
}

Result<void> Ledger::check_limits(const ChannelId& id, const Amount& amount) const {
    const Limits limits = book_.limits(id);
    const std::int64_t time = now();
    if (static_cast<std::uint64_t>(time) >= limits.expires) {
        return fail(payment::PaymentError::session_expired);
    }
    const Channel* channel = book_.find(id);
    const Amount today = channel ? channel->charged_on(time / kSecondsOfADay) : Amount{};
    if (today + amount > limits.per_day) return fail(payment::PaymentError::session_day_limit);
    return {};
}

payment::ChannelSnapshot Ledger::snapshot_of(const ChannelId& id, const Channel& channel) const {
    return {
        .channel_id = id,
        .balance = channel.chain.balance,
        .total_claimed = channel.chain.claimed,
        .withdraw_requested_at = static_cast<std::uint64_t>(channel.chain.withdraw_requested_at),
        .refund_nonce = channel.chain.refund_nonce,
        .charged = channel.charged};
}

Task<void> Ledger::open(ChannelId id, payment::ChannelConfig config, ChainState state) {
    STOA_ASSERT(!book_.find(id));
    const Amount claimed = state.claimed;
    return append(
        all_of(Opened{id, std::move(config), claimed, now()}, Mirrored{id, std::move(state)}));
}

Task<void> Ledger::reserve(Reservation r) {
    const Channel* channel = book_.find(r.voucher.channel_id);
    STOA_ASSERT(channel && !channel->reservation);
    STOA_ASSERT(r.voucher.max_claimable - channel->charged == r.amount);
    return append(all_of(Reserved{r.voucher.channel_id, r.voucher.max_claimable, r.signature,
                                  r.amount, r.request, now()}));
}

Task<void> Ledger::raise(payment::Voucher voucher, eth::Signature signature) {
    const Channel* channel = book_.find(voucher.channel_id);
    STOA_ASSERT(channel && channel->reservation);
    STOA_ASSERT(voucher.max_claimable >= channel->maximum);
    const Amount amount = voucher.max_claimable - channel->charged;
    return append(
        all_of(Raised{voucher.channel_id, voucher.max_claimable, signature, amount, now()}));
}

Task<void> Ledger::charge(ChannelId id, Amount charge, payment::Usage usage) {
    const Channel* channel = book_.find(id);
    STOA_ASSERT(channel && channel->reservation && charge <= channel->reservation->amount);
    return append(all_of(
        Charged{id, channel->charged + charge, usage.input_tokens, usage.output_tokens, now()}));
}

Task<void> Ledger::release(ChannelId id) {
    return append(all_of(Released{id}));
}

void Ledger::release_later(Turns::Turn turn) {
    const auto work = [](Ledger& ledger, Turns::Turn held) -> Task<void> {
        const Channel* channel = ledger.book_.find(held.channel());
        if (channel && channel->reservation) {
            co_await ledger.append(all_of(Released{held.channel()}));
        }
    };
    asio::co_spawn(executor_, work(*this, std::move(turn)), asio::detached);
}

Task<void> Ledger::deposit_accepted(ChannelId id, payment::ChannelConfig config,
                                    SignedDeposit deposit) {
    return append(all_of(DepositAccepted{id, std::move(config), std::move(deposit), now()}));
}

Task<void> Ledger::deposit_included(ChannelId id, U256 salt, Hash256 transaction,
                                    std::uint64_t block) {
    return append(all_of(DepositIncluded{id, std::move(salt), transaction, block}));
}

Task<void> Ledger::mirror(ChannelId id, ChainState state) {
    const Channel* channel = book_.find(id);
    if (!channel) co_return;
    if (channel->chain == state) co_return;
    const Amount missing =
        channel->charged > state.balance ? channel->charged - state.balance : Amount{};
    std::vector<Event> events = all_of(Mirrored{id, std::move(state)});
    if (missing != channel->lost) events.emplace_back(Lost{id, missing, now()});
    co_await append(std::move(events));
}

Task<void> Ledger::refund_signed(ChannelId id, U256 nonce, Amount amount) {
    return append(all_of(RefundSigned{id, std::move(nonce), amount, now()}));
}

Task<void> Ledger::close(ChannelId id) {
    return append(all_of(Closed{id, now()}));
}

Task<void> Ledger::limit(payment::SessionLimits it) {
    return append(
        all_of(Limited{it.channel_id, std::move(it.per_day), it.expires, it.nonce, now()}));
}

Task<void> Ledger::exact_begun(ExactBegun event) {
    event.time = now();
    return append(all_of(std::move(event)));
}

Task<void> Ledger::exact_abandoned(Hash256 payment) {
    return append(all_of(ExactAbandoned{payment}));
}

Task<void> Ledger::exact_settled(ExactSettled event) {
    return append(all_of(std::move(event)));
}

Task<void> Ledger::exact_served(Hash256 payment) {
    return append(all_of(ExactServed{payment}));
}

/// Waits outside of the writing: a caller that is cancelled while the disk works must not leave the
/// book behind the record.
Task<void> Ledger::append(std::vector<Event> events) {
    if (waiting_.size() >= kMaxWaiting) throw io::Overloaded("too many calls wait for the ledger");
    const auto start = [&](auto handler) {
        waiting_.push_back({std::move(events), std::move(handler)});
        if (!is_writing_) gather();
    };
    using Token = const asio::use_awaitable_t<>;
    co_await asio::async_initiate<Token, void(std::exception_ptr)>(start, asio::use_awaitable);
}

/// A sync costs more than many calls' turns of the loop: as long as each round of the loop brings
/// another one that wants to share it, it has not begun; with enough of them it begins at once.
void Ledger::gather() {
    if (waiting_.size() >= kEnough) return begin_write();
    if (std::exchange(is_gathering_, true)) return;
    asio::post(executor_, [this, before = waiting_.size()] {
        is_gathering_ = false;
        if (is_writing_ || waiting_.empty()) return;
        waiting_.size() > before ? gather() : begin_write();
    });
}

void Ledger::begin_write() {
    is_writing_ = true;
    asio::co_spawn(executor_, write(), asio::detached);
}

/// Those that wait now, together.
Task<void> Ledger::write() {
    std::vector<Waiting> group = std::exchange(waiting_, {});
    std::vector<Event> events;
    events.reserve(group.size());
    for (Waiting& each : group) std::ranges::move(each.events, std::back_inserter(events));
    std::exception_ptr failed;
    try {
        co_await record_.append(events);
        for (const Event& event : events) apply(event);
    } catch (const io::Overloaded&) {
        failed = std::current_exception();
    } catch (const RecordBroken& broken) {
        failed = std::current_exception();
        if (const auto tell = std::exchange(failed_, nullptr)) tell(broken.what());
    }
    for (Waiting& each : group) {
        asio::post(executor_,
                   [done = std::move(each.done), failed]() mutable { std::move(done)(failed); });
    }
    is_writing_ = false;
    if (!waiting_.empty()) gather();
}

void Ledger::apply(const Event& event) {
    book_.apply(event);
    if (const auto* mirrored = std::get_if<Mirrored>(&event)) {
        const ChainState& chain = mirrored->state;
        // What was lost, or is being served, stays used: otherwise a payer has the credit again for
        // each deposit undone.
        const bool is_short = unsafe_used(*book_.find(mirrored->channel)) > Amount{};
        if (chain.safe_balance < chain.balance || is_short) {
            unsafe_.insert(mirrored->channel);
        } else {
            unsafe_.erase(mirrored->channel);
        }
    } else if (const auto* closed = std::get_if<Closed>(&event)) {
        unsafe_.erase(closed->channel);
    }
}

Amount Ledger::unsafe_used(const Channel& channel) const {
    const Amount& spent = channel.reservation ? channel.maximum : channel.charged;
    const Amount firm = channel.staying(channel.chain.safe_balance);
    return spent > firm ? spent - firm : Amount{};
}

}  // namespace stoa::ledger
