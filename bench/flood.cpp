// Strangers who pay nothing beside buyers who pay: how much longer the slowest paid calls take.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "bench/figure.hpp"
#include "bench/load.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kBuyers = 64;
constexpr std::size_t kCalls = 300;  // Of each buyer, in each round.
constexpr std::size_t kRounds = 3;
constexpr std::size_t kStrangers = 32;
constexpr std::size_t kUnpaidPerSecond = 10'000;
constexpr std::chrono::milliseconds kTick{100};

// As in paid.cpp: at most 67, and 23 for what the engine says.
const Amount kBound{67};
constexpr std::uint64_t kCost = 23;
const std::string kBody =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":20})";

/// From its start to its end, as many calls a second as are wanted, or as are answered.
class Flood {
  public:
    explicit Flood(const Shop& shop)
        : port_(shop.port()), request_(shop.unpaid(kBody)), thread_([this] { run(); }) {}
    ~Flood() { join(); }
    Flood(const Flood&) = delete;

    /// How many were told the price, a second.
    double end() {
        join();
        if (failed_) std::rethrow_exception(failed_);
        return static_cast<double>(answers_) / seconds_;
    }

  private:
    void join() {
        ended_ = true;
        if (thread_.joinable()) thread_.join();
    }

    void run() {
        using Clock = std::chrono::steady_clock;
        const std::size_t each = kUnpaidPerSecond * kTick.count() / 1'000 / kStrangers + 1;
        const std::vector<Script> scripts(kStrangers, Script{{request_}, each});
        const auto began = Clock::now();
        try {
            for (auto next = began; !ended_; next += kTick) {
                std::this_thread::sleep_until(next);
                answers_ += run_load(port_, scripts, 402).answers;
            }
        } catch (...) {
            failed_ = std::current_exception();
        }
        seconds_ = std::chrono::duration<double>(Clock::now() - began).count();
    }

    unsigned short port_;
    std::string request_;
    std::size_t answers_ = 0;
    double seconds_ = 0;
    std::exception_ptr failed_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

std::vector<Script> paid_calls(const Shop& shop, std::size_t first) {
    std::vector<Script> scripts;
    for (std::size_t channel = 0; channel < kBuyers; ++channel) {
        Script& script = scripts.emplace_back();
        script.count = kCalls;
        for (std::size_t i = first; i < first + kCalls; ++i) {
            script.requests.push_back(shop.paid(channel, Amount{kCost * i}, kBound, kBody));
        }
    }
    return scripts;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

std::vector<Figure> flood() {
    Shop shop(kBuyers, [](const auto&) { return trivial_engine(); });
    shop.open();
    run_load(shop.port(), paid_calls(shop, 0), 200);
    std::vector<double> alone;
    std::vector<double> beside;
    std::vector<double> unpaid;
    for (std::size_t round = 0; round < kRounds; ++round) {
        const std::size_t first = kCalls * (1 + 2 * round);
        const auto some = paid_calls(shop, first);
        const auto others = paid_calls(shop, first + kCalls);
        alone.push_back(run_load(shop.port(), some, 200).percentile(0.99));
        Flood strangers(shop);
        beside.push_back(run_load(shop.port(), others, 200).percentile(0.99));
        unpaid.push_back(strangers.end());
    }
    if (shop.charged(0) != Amount{kCost * kCalls * (1 + 2 * kRounds)}) {
        throw std::runtime_error("the ledger did not charge what was sold");
    }
    const double ratio = median(beside) / median(alone);
    return {{"p99 beside a flood / alone", ratio, "x", Bound::at_most, 2, "", {}},
            {"paid p99 beside a flood", median(beside) * 1e3, "ms", Bound::at_most, 20, "alone",
             median(alone) * 1e3},
            {"unpaid calls beside it",
             median(unpaid),
             "1/s",
             Bound::at_least,
             static_cast<double>(kUnpaidPerSecond),
             "",
             {}}};
}

}  // namespace stoa::bench
