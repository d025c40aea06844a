#pragma once

#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/io/deadline.hpp"
#include "stoa/ledger/event.hpp"

namespace stoa::ledger {

/// One call at a time on a channel: its total is a chain of calls, and two that run at once would
/// both sign the same link. First come, first served. One event loop.
class Turns {
    struct State;

  public:
    /// Being the one; ends with the object.
    class Turn {
      public:
        Turn(Turn&& other) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn();
        const ChannelId& channel() const { return channel_; }
        /// The turns themselves are gone: the node ends.
        bool is_orphan() const;

      private:
        friend class Turns;
        Turn(std::shared_ptr<State> state, const ChannelId& channel)
            : state_(std::move(state)), channel_(channel) {}
        std::shared_ptr<State> state_;
        ChannelId channel_;
    };

    explicit Turns(boost::asio::any_io_executor);
    ~Turns();
    Turns(const Turns&) = delete;

    /// Nothing when the channel is still busy after `wait`, or kMaxWaiting wait already.
    Task<std::optional<Turn>> take(ChannelId, io::Duration wait);
    bool is_taken(const ChannelId&) const;

    static constexpr std::size_t kMaxWaiting = 16;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace stoa::ledger
