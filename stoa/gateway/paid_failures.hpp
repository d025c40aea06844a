#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "stoa/base/types.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/io/clock.hpp"

namespace stoa::gateway {

/// A call that the engine fails is unpaid, so a payer whose calls fail again and again on one
/// model costs its provider work for nothing: after three in ten minutes it waits.
class EngineFailures {
  public:
    explicit EngineFailures(const io::Clock& clock) : clock_(clock) {}

    void failed(const eth::Address& payer, std::uint64_t service);
    /// How long this payer must wait before it may call this service again; nothing: not at all.
    std::optional<std::chrono::seconds> wait(const eth::Address& payer, std::uint64_t service);

    static constexpr std::size_t kMost = 3;
    static constexpr std::chrono::minutes kWithin{10};
    static constexpr std::size_t kMaxPayers = 10'000;

  private:
    using Times = std::deque<io::Clock::Steady>;
    static Hash256 key(const eth::Address& payer, std::uint64_t service);
    void drop_old(Times&) const;
    void make_room();

    const io::Clock& clock_;
    std::unordered_map<Hash256, Times> failures_;
};

}  // namespace stoa::gateway
