#pragma once

#include <random>

#include <boost/asio/io_context.hpp>

#include "model.hpp"

namespace stoa::proof {

/// The real ledger on a file, and buyers that use it.
class Driver {
  public:
    /// Says that it starts, and once the ledger has recovered that it is open.
    Driver(const std::filesystem::path& file, std::uint64_t seed, int pipe);

    /// All channels at once, at random, until the process is ended or the record breaks.
    void run_at_random();
    /// Acts in a row, on a few channels; throws `RecordBroken` where the record breaks.
    void run_script();
    /// True when the ledger, after it broke, refuses everything and has said so once.
    bool has_stopped();

  private:
    Task<void> buyer(std::uint32_t channel);
    Task<void> one_round(std::uint32_t channel);
    Task<void> script();
    Task<void> act(Act, std::uint32_t channel, std::uint64_t value);
    Task<void> perform(Act, std::uint32_t channel, std::uint64_t value);
    Task<void> chain_act(Act, std::uint32_t channel, std::uint64_t value);
    void run(Task<void>);
    std::uint64_t up_to(std::uint64_t most) { return random_() % (most + 1); }

    int pipe_;
    std::mt19937_64 random_;
    boost::asio::io_context loop_;
    io::SystemClock clock_;
    int failures_ = 0;
    std::optional<ledger::Ledger> ledger_;
};

}  // namespace stoa::proof
