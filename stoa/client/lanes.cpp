#include "stoa/client/lanes.hpp"

#include <algorithm>

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::client {

namespace asio = boost::asio;

namespace {

using Error = boost::system::error_code;

/// Then money is looked for again.
constexpr std::chrono::minutes kClosed{1};

}  // namespace

/// In line for as long as it lives.
struct Lanes::Waiter {
    Waiter(Lanes& of, LaneSet lanes) : line(of.waiting_), wanted(lanes), given(of.executor_, 1) {
        line->push_back(this);
    }
    ~Waiter() { line->remove(this); }
    Waiter(const Waiter&) = delete;

    std::shared_ptr<std::list<Waiter*>> line;
    LaneSet wanted;
    asio::experimental::channel<void(Error, unsigned)> given;
};

Lanes::Lanes(asio::any_io_executor executor)
    : executor_(std::move(executor)), waiting_(std::make_shared<std::list<Waiter*>>()) {}

Lanes::~Lanes() = default;

LaneSet Lanes::usable() const {
    const bool is_closed = std::chrono::steady_clock::now() < closed_until_;
    return LaneSet::first(is_closed ? open_ : kCount);
}

Task<unsigned> Lanes::enter(LaneSet wanted) {
    for (unsigned lane = 0; lane < kCount; ++lane) {
        if (!wanted.has(lane) || !free_.has(lane)) continue;
        free_.remove(lane);
        co_return lane;
    }
    Waiter waiter{*this, wanted};
    co_return co_await waiter.given.async_receive(asio::use_awaitable);
}

void Lanes::leave(unsigned lane) {
    const auto next =
        std::ranges::find_if(*waiting_, [&](const Waiter* it) { return it->wanted.has(lane); });
    if (next == waiting_->end()) {
        free_.add(lane);
        return;
    }
    Waiter& waiter = **next;
    waiting_->erase(next);  // it is given one lane only
    waiter.given.try_send(Error{}, lane);
}

LaneSet Lanes::taken() const {
    LaneSet all = LaneSet::first(kCount);
    for (unsigned lane = 0; lane < kCount; ++lane) {
        if (free_.has(lane)) all.remove(lane);
    }
    return all;
}

void Lanes::close(unsigned lane) {
    open_ = std::clamp(lane, 1U, kCount);
    closed_until_ = std::chrono::steady_clock::now() + kClosed;
}

}  // namespace stoa::client
