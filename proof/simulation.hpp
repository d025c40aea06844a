#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "stoa/ledger/ledger.hpp"

#include "sim_chain.hpp"

namespace stoa::proof {

/// One world: a chain that forks and is read late, buyers whose messages are lost, doubled and
/// delayed, and the node's real ledger between them, which dies at any moment. Payers also rob it
/// as well as they can: with deposits that a fork undoes, and by leaving while their calls go on.
/// Everything follows from the seed: one act at a time, in an order that it chooses.
class Simulation {
  public:
    Simulation(std::uint64_t seed, std::filesystem::path file);

    /// Throws `std::runtime_error` with the first rule that is broken.
    void run();

    std::uint64_t served() const { return served_; }
    std::uint64_t crashes() const { return crashes_; }
    std::uint64_t forks() const { return forks_; }
    std::uint64_t lost() const { return lost_; }
    std::uint64_t robberies() const { return robberies_; }
    std::uint64_t leavings() const { return leavings_; }
    std::uint64_t top_ups() const { return top_ups_; }

  private:
    struct Message {
        std::uint32_t payer = 0;
        std::uint64_t total = 0;
        std::uint64_t amount = 0;
        bool tops_up = false;  ///< A larger voucher for the call that runs.
    };
    struct Buyer {
        std::uint64_t believes = 0;      ///< What it thinks it was charged.
        std::uint64_t signed_total = 0;  ///< The most that it ever signed.
        std::uint64_t charged = 0;       ///< What was durable: the node's and the buyer's truth.
        std::uint64_t running = 0;       ///< Amount of the call that is being served; 0: none.
        std::uint64_t begun_at = 0;      ///< The block when that began.
        std::optional<ledger::Turns::Turn> turn;  ///< Of that call.
    };

    void step();
    void start();
    void crash();
    void deliver();
    void accept(const Message&);
    void sign_more(std::uint32_t payer);
    void top_up(const Message&);
    void finish(std::uint32_t payer);
    void charge(std::uint32_t payer, std::uint64_t amount);
    void finish_long_calls();
    std::optional<ledger::Turns::Turn> take_turn(std::uint32_t payer);
    void follow(std::uint64_t lag);
    void meet_forks(std::uint64_t block);
    void settle();
    void refund(std::uint32_t payer, bool waits);
    void next_block();
    void buyer_acts(std::uint32_t payer);
    void fork(const std::function<bool(const SimCall&)>& keeps);
    void spend(std::uint32_t payer);
    void rob();
    void leave(std::uint32_t payer);
    void check() const;
    void check_loss() const;
    void close_the_books();
    void wait_for(Task<void>);
    const ledger::Channel* channel(std::uint32_t payer) const;
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    std::uint32_t any_payer() { return static_cast<std::uint32_t>(pick(kPayers)); }

    std::mt19937_64 random_;
    bool pays_on_;  ///< Buyers top up calls that run: in every fourth world.
    std::filesystem::path file_;
    io::ManualClock clock_{unix_time(kStart)};
    SimChain chain_;
    std::unique_ptr<boost::asio::io_context> loop_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::array<Buyer, kPayers> buyers_;
    std::uint64_t followed_to_ = 0;           ///< The follower's head; outlives the node.
    std::optional<std::uint64_t> undone_to_;  ///< A fork that the follower has not met yet.
    /// As in the mirror: the oldest block that is news of a channel after a fork.
    std::array<std::optional<std::uint64_t>, kPayers> floors_;
    bool is_following_ = false;  ///< Since the node started.
    std::deque<Message> network_;
    std::uint64_t served_ = 0;
    std::uint64_t crashes_ = 0;
    std::uint64_t forks_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t robberies_ = 0;
    std::uint64_t leavings_ = 0;
    std::uint64_t top_ups_ = 0;
    bool is_pressed_ = false;  ///< Somebody robs or leaves; one at a time.
};

inline constexpr std::uint64_t kCredit = 400;     ///< Of a payer, in deposits a fork could undo.
inline constexpr std::uint64_t kAllCredit = 900;  ///< Of all of them.

ledger::ChannelId channel_of(std::uint32_t payer);
/// Throws `std::runtime_error`.
void must(bool holds, const char* rule);
inline std::uint64_t small(const Amount& amount) {
    return static_cast<std::uint64_t>(amount.units);
}

}  // namespace stoa::proof
