#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/io/task.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::client {

/// Some of a model's lanes.
class LaneSet {
  public:
    /// The first `count`.
    static LaneSet first(unsigned count) { return LaneSet{(1U << count) - 1}; }
    static LaneSet of(unsigned lane) { return LaneSet{1U << lane}; }

    constexpr LaneSet() = default;
    bool has(unsigned lane) const { return (bits_ >> lane & 1U) != 0; }
    bool empty() const { return bits_ == 0; }
    void add(unsigned lane) { bits_ |= 1U << lane; }
    void remove(unsigned lane) { bits_ &= ~(1U << lane); }

    friend bool operator==(const LaneSet&, const LaneSet&) = default;

  private:
    explicit constexpr LaneSet(unsigned bits) : bits_(bits) {}
    unsigned bits_ = 0;
};

/// Thrown where a call finds no money for the lane that it is on: it may wait for one of these.
struct OtherLane {
    LaneSet lanes;
};

/// Lets one call at a time onto each lane of a model; the others wait in line. One event loop.
class Lanes {
  public:
    explicit Lanes(boost::asio::any_io_executor);
    ~Lanes();

    /// Those that a call may try: all, or for a while those before one that found no money.
    LaneSet usable() const;
    /// The lowest of them that is free, or the first that becomes so.
    Task<unsigned> enter(LaneSet);
    void leave(unsigned lane);
    /// Those that calls are on.
    LaneSet taken() const;
    /// There is no money for this lane, which isn't the first, nor for those behind it.
    void close(unsigned lane);

    static constexpr unsigned kCount = payment::kPurseLanes;

  private:
    struct Waiter;

    boost::asio::any_io_executor executor_;
    LaneSet free_ = LaneSet::first(kCount);
    std::shared_ptr<std::list<Waiter*>> waiting_;  ///< Also of those who outlive this.
    unsigned open_ = kCount;
    std::chrono::steady_clock::time_point closed_until_;
};

}  // namespace stoa::client
