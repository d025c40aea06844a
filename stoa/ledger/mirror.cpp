#include "stoa/ledger/mirror.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "stoa/base/hex.hpp"

namespace stoa::ledger {
namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{15'000};

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

Task<void> Mirror::store(std::vector<ChannelId> ids) {
    const auto states = co_await reader_.states(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Channel* channel = ledger_.book().find(ids[i]);
        // Two reads may overtake each other.
        if (!channel || states[i].block < channel->chain.block) continue;
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

void Mirror::advanced(const chain::Heads& heads, std::optional<std::uint64_t>) {
    collect(heads.safe);
    ledger_.finalized(heads.finalized);
    if (due_.empty() || running_) return;
    running_ = true;
    boost::asio::co_spawn(executor_, catch_up(), boost::asio::detached);
}

void Mirror::collect(std::uint64_t safe) {
    bool all = false;
    {
        const std::lock_guard lock(mutex_);
        due_.merge(seen_);
        seen_.clear();
        all = std::exchange(all_seen_, false);
    }
    for (const auto& [id, channel] : ledger_.book().channels()) {
        const bool became_safe = safe > safe_ && channel.chain.safe_balance < channel.chain.balance;
        if (all || became_safe) due_.insert(id);
    }
    safe_ = std::max(safe_, safe);
}

Task<void> Mirror::catch_up() {
    auto pause = kFirstPause;
    while (!due_.empty()) {
        std::vector<ChannelId> ids;
        for (const ChannelId& id : due_) {
            if (ledger_.book().find(id)) ids.push_back(id);
        }
        due_.clear();
        bool failed = false;
        try {
            co_await store(ids);
            pause = kFirstPause;
        } catch (const chain::RpcFailure& failure) {
            log_.warning("channels can't be read", {{"why", failure.what()}});
            failed = true;
        }
        if (!failed) continue;
        due_.insert(ids.begin(), ids.end());
        co_await io::sleep_for(pause);
        pause = std::min(pause * 2, kLongestPause);
    }
    running_ = false;
}

}  // namespace stoa::ledger
