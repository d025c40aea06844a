#pragma once

#include <atomic>
#include <chrono>

#include "stoa/base/time.hpp"

namespace stoa::io {

/// Where the machine layers ask for the time; tests stand a clock of their own behind it.
class Clock {
  public:
    using Steady = std::chrono::steady_clock::time_point;

    virtual ~Clock() = default;
    virtual UnixTime now() const = 0;
    /// For measuring; never goes back.
    virtual Steady steady() const = 0;
};

class SystemClock final : public Clock {
  public:
    UnixTime now() const override {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    Steady steady() const override { return std::chrono::steady_clock::now(); }
};

/// Stands still until it is told to move; thread-safe.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(UnixTime start) : start_(start) {}

    void advance(std::chrono::milliseconds by) { passed_ms_ += by.count(); }
    UnixTime now() const override {
        return std::chrono::floor<std::chrono::seconds>(start_ + passed());
    }
    Steady steady() const override { return Steady{} + passed(); }

  private:
    std::chrono::milliseconds passed() const { return std::chrono::milliseconds(passed_ms_); }

    UnixTime start_;
    std::atomic<std::int64_t> passed_ms_ = 0;
};

}  // namespace stoa::io
