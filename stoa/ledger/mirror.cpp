#include "stoa/ledger/mirror.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "stoa/base/hex.hpp"

namespace stoa::ledger {
namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{15'000};
constexpr std::size_t kMostDoubtful = 64;  // Then the endpoint is, rather than a channel.

}  // namespace

Mirror::Mirror(boost::asio::any_io_executor executor, Ledger& ledger, ChannelReader reader,
               io::Log log)
    : executor_(std::move(executor)),
      ledger_(ledger),
      reader_(std::move(reader)),
      log_(std::move(log)) {}

Task<void> Mirror::refresh(ChannelId id) {
    std::vector<ChannelId> one(1, id);
    co_await store(std::move(one));
}

Task<void> Mirror::refresh_all() {
    std::vector<ChannelId> ids;
    for (const auto& [id, channel] : ledger_.book().channels()) ids.push_back(id);
    co_await store(std::move(ids));
}

Task<std::vector<ChannelId>> Mirror::store(std::vector<ChannelId> ids) {
    const std::uint64_t forks = forks_;
    const auto states = co_await reader_.states(ids);
    std::vector<ChannelId> older;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Channel* channel = ledger_.book().find(ids[i]);
        if (!channel) continue;
        const auto floor = floors_.find(ids[i]);
        const std::uint64_t known = floor == floors_.end() ? channel->chain.block : floor->second;
        // Two reads may overtake each other, and so may a read and a reorganisation.
        if (forks != forks_ || states[i].block < known) {
            older.push_back(ids[i]);
            continue;
        }
        if (floor != floors_.end()) floors_.erase(floor);
        const bool was_short = channel->short_of_balance();
        co_await ledger_.mirror(ids[i], states[i]);
        channel = ledger_.book().find(ids[i]);
        if (!channel) continue;
        if (channel->short_of_balance() && !was_short) {
            log_.error("a reorganisation took a deposit back that was spent",
                       {{"channel", to_hex(ids[i])}, {"missing", to_decimal(channel->lost)}});
        }
        if (channel->chain.withdraw_requested_at != 0 && leaving_) leaving_(ids[i]);
    }
    co_return older;
}

void Mirror::apply(db::Session&, const chain::Header&, std::span<const chain::Log> logs) {
    const std::lock_guard lock(mutex_);
    for (const chain::Log& log : logs) {
        if (log.address != reader_.contract()) continue;
        if (const auto id = channel_of(log)) seen_.insert(*id);
    }
}

void Mirror::undo(db::Session&, std::uint64_t) {
    const std::lock_guard lock(mutex_);
    all_seen_ = true;
}

void Mirror::wipe(db::Session&) {
    const std::lock_guard lock(mutex_);
    all_seen_ = true;
}

void Mirror::advanced(const chain::Heads& heads, std::optional<std::uint64_t> undone_to) {
    collect(heads, undone_to);
    ledger_.finalized(heads.finalized);
    if (due_.empty() || running_) return;
    running_ = true;
    boost::asio::co_spawn(executor_, catch_up(), boost::asio::detached);
}

void Mirror::collect(const chain::Heads& heads, std::optional<std::uint64_t> undone_to) {
    bool all = false;
    {
        const std::lock_guard lock(mutex_);
        due_.merge(seen_);
        seen_.clear();
        all = std::exchange(all_seen_, false);
    }
    if (std::exchange(is_following_, true) && all) ++forks_;
    const std::uint64_t safe = heads.safe;
    // A read may have been ahead of the follower, and its block gone before that came to it.
    const std::uint64_t floor = undone_to.value_or(heads.head.id.number);
    for (const auto& [id, channel] : ledger_.book().channels()) {
        const bool became_safe = safe > safe_ && channel.chain.safe_balance < channel.chain.balance;
        if (all || became_safe) due_.insert(id);
        if (all) floors_[id] = std::min(floor, channel.chain.block);
    }
    safe_ = std::max(safe_, safe);
}

/// One channel that can't be believed must not keep the others from being read: a payer may be
/// leaving one of them.
Task<void> Mirror::catch_up() {
    auto pause = kFirstPause;
    std::unordered_set<ChannelId> doubtful;
    while (!due_.empty()) {
        std::vector<ChannelId> ids;
        for (const ChannelId& id : due_) {
            if (ledger_.book().find(id) && !doubtful.contains(id)) ids.push_back(id);
        }
        due_.clear();
        bool goes_on = false;
        try {
            if (!ids.empty()) ids = co_await store(ids);
        } catch (const ChannelDoubt& doubt) {
            log_.warning("a channel can't be believed", {{"why", doubt.what()}});
            goes_on = doubtful.size() < kMostDoubtful && doubtful.insert(doubt.channel()).second;
        } catch (const chain::RpcFailure& failure) {
            log_.warning("channels can't be read", {{"why", failure.what()}});
        }
        due_.insert(ids.begin(), ids.end());
        if (goes_on) continue;
        due_.merge(doubtful);
        doubtful.clear();
        if (due_.empty()) {
            pause = kFirstPause;
            continue;
        }
        co_await io::sleep_for(pause);
        pause = std::min(pause * 2, kLongestPause);
    }
    running_ = false;
}

}  // namespace stoa::ledger
