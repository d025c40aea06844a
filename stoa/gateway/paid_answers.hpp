#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "stoa/base/types.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/http.hpp"

namespace stoa::gateway {

/// An answer that was paid for, whole.
struct PaidAnswer {
    io::Headers headers;
    std::shared_ptr<const std::string> body;
};

/// Answers of the last ten minutes by what paid for them, so that a client whose connection broke
/// gets what it was charged for. In memory only, and only so much of it.
class PaidAnswers {
    /// Who waits for the answers that are being made.
    using Waiting =
        std::unordered_map<Hash256, std::vector<std::shared_ptr<boost::asio::steady_timer>>>;

  public:
    PaidAnswers(boost::asio::any_io_executor executor, const io::Clock& clock)
        : executor_(std::move(executor)), clock_(clock) {}

    /// Of the channel, the signed total, and the request; or of a one-off payment.
    using Key = Hash256;

    /// Whether it is worth while to ask for it.
    bool knows(const Key& key) const { return is_running(key) || kept_.contains(key); }
    /// The kept answer; when the same is being made, waits for it up to `wait`. Nothing for a new
    /// one, and for one that failed or takes longer (then `is_running`).
    Task<std::optional<PaidAnswer>> find(Key, io::Duration wait);
    bool is_running(const Key& key) const { return running_->contains(key); }

    /// Announces an answer that is being made; ends with the object, which may outlive the answers.
    class Running {
      public:
        Running(PaidAnswers& answers, const Key& key) : all_(answers.running_), key_(key) {
            all_->try_emplace(key);
        }
        Running(Running&&) noexcept = default;
        Running& operator=(Running&&) = delete;
        ~Running();

      private:
        std::shared_ptr<Waiting> all_;
        Key key_;
    };

    void keep(const Key&, PaidAnswer);

    static constexpr std::chrono::minutes kKept{10};
    static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
    static constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;

  private:
    struct Kept {
        PaidAnswer answer;
        std::size_t bytes = 0;
    };
    struct Age {
        Key key;
        io::Clock::Steady until;
    };
    void drop_old();
    void drop_oldest();

    boost::asio::any_io_executor executor_;
    const io::Clock& clock_;
    /// Flat: many thousands, of which nearly each look misses the processor's caches.
    boost::unordered_flat_map<Key, Kept, std::hash<Key>> kept_;
    std::deque<Age> order_;  ///< The oldest first.
    std::size_t bytes_ = 0;
    std::shared_ptr<Waiting> running_ = std::make_shared<Waiting>();
};

}  // namespace stoa::gateway
