#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "stoa/io/clock.hpp"

namespace stoa::gateway {

/// How often one visitor may have something that costs work and nobody pays for.
class VisitorLimit {
  public:
    /// `most` in each minute.
    VisitorLimit(const io::Clock& clock, unsigned most) : clock_(clock), most_(most) {}

    /// Counts one; or says how long this visitor must wait.
    std::optional<std::chrono::seconds> take(const std::string& visitor) {
        const auto now = clock_.steady();
        // Forgetting everybody at once keeps this small whatever comes.
        if (now >= ends_ || counts_.size() >= kMaxVisitors) {
            counts_.clear();
            ends_ = now + kWindow;
        }
        unsigned& count = counts_[visitor];
        if (count >= most_) return std::chrono::ceil<std::chrono::seconds>(ends_ - now);
        ++count;
        return std::nullopt;
    }

    static constexpr std::chrono::minutes kWindow{1};
    static constexpr std::size_t kMaxVisitors = 50'000;

  private:
    const io::Clock& clock_;
    unsigned most_;
    io::Clock::Steady ends_{};
    std::unordered_map<std::string, unsigned> counts_;
};

}  // namespace stoa::gateway
