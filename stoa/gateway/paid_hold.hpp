#pragma once

#include <unordered_map>
#include <vector>

#include "stoa/gateway/served.hpp"
#include "stoa/io/clock.hpp"

namespace stoa::gateway {

/// What services cost, and what they cost before: whoever was told a price has a minute to pay it.
class PriceHolds {
  public:
    explicit PriceHolds(const io::Clock& clock) : clock_(clock) {}

    /// At which a call that takes at most `most` is accepted and charged: the price of now, or one
    /// that was told within the last minute, if it comes to less.
    payment::Price price_of(const ServiceTerms&, const payment::Usage& most);

    static constexpr std::chrono::seconds kHolds{60};

  private:
    static constexpr std::size_t kMostBefore = 8;  ///< Prices of one minute.

    struct Before {
        payment::Price price;
        io::Clock::Steady until;
    };
    struct Known {
        payment::Price now;
        std::vector<Before> before;
    };

    const io::Clock& clock_;
    std::unordered_map<std::uint64_t, Known> services_;
};

}  // namespace stoa::gateway
