#include "stoa/ledger/turns.hpp"

#include <deque>
#include <unordered_map>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::ledger {

namespace asio = boost::asio;

struct Turns::State {
    struct Waiter {
        explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
        asio::steady_timer timer;
        bool granted = false;
    };
    using Queue = std::deque<std::shared_ptr<Waiter>>;

    explicit State(asio::any_io_executor e) : executor(std::move(e)) {}

    void pass_on(const ChannelId& channel) {
        const auto found = taken.find(channel);
        if (found == taken.end()) return;
        if (found->second.empty()) {
            taken.erase(found);
            return;
        }
        const auto next = std::move(found->second.front());
        found->second.pop_front();
        next->granted = true;
        next->timer.cancel();
    }

    asio::any_io_executor executor;
    bool ended = false;
    std::unordered_map<ChannelId, Queue> taken;
};

Turns::Turns(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

Turns::~Turns() {
    state_->ended = true;
}

bool Turns::Turn::is_orphan() const {
    return state_->ended;
}

Turns::Turn::~Turn() {
    if (state_) state_->pass_on(channel_);
}

bool Turns::is_taken(const ChannelId& channel) const {
    return state_->taken.contains(channel);
}

Task<std::optional<Turns::Turn>> Turns::take(ChannelId channel, io::Duration wait) {
    const auto [entry, free] = state_->taken.try_emplace(channel);
    if (free) co_return Turn{state_, channel};
    if (entry->second.size() >= kMaxWaiting) co_return std::nullopt;

    const auto state = state_;
    const auto waiter = std::make_shared<State::Waiter>(state->executor);
    entry->second.push_back(waiter);
    waiter->timer.expires_after(wait);
    co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiter->granted) co_return Turn{state, channel};
    if (const auto found = state->taken.find(channel); found != state->taken.end()) {
        std::erase(found->second, waiter);
    }
    co_return std::nullopt;
}

}  // namespace stoa::ledger
