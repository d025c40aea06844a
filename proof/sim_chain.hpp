#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "stoa/ledger/event.hpp"

namespace stoa::proof {

inline constexpr std::uint32_t kPayers = 4;  ///< Each has one channel.
inline constexpr std::uint64_t kWallet = 10'000;
inline constexpr std::uint64_t kDelay = 20;                   ///< Of a withdrawal, in blocks.
inline constexpr std::int64_t kStart = 1'800'000'000;         ///< Unix seconds of block 0.
inline constexpr std::int64_t kBlockSeconds = 3600 / kDelay;  ///< The channels' delay is an hour.
inline constexpr std::uint64_t kSafe = 4;                     ///< No reorganisation is as deep.

/// A transaction of the contract Channels, with what decides whether it is valid.
struct SimCall {
    enum class Kind { deposit, claim, refund, ask_back, take_back };
    Kind kind = Kind::deposit;
    std::uint32_t payer = 0;
    std::uint64_t value = 0;  ///< Of a claim: the total after it.
    std::uint64_t signed_total = 0;
    std::uint64_t nonce = 0;   ///< Of a refund.
    std::uint64_t claims = 0;  ///< A refund claims this total first; 0 is none.
    bool was_mined = false;    ///< In a block that a fork took back.
};

/// All money at one block.
struct SimMoney {
    struct Channel {
        std::uint64_t balance = 0;
        std::uint64_t claimed = 0;
        std::uint64_t withdrawing = 0;
        std::uint64_t asked_at = 0;  ///< A block; 0: nobody asked.
        std::uint64_t nonce = 0;
    };
    std::array<std::uint64_t, kPayers> wallets{};
    std::array<Channel, kPayers> channels{};
    std::uint64_t receiver = 0;

    /// False, and nothing has changed, where the contract would revert.
    bool apply(const SimCall&, std::uint64_t block);
    std::uint64_t total() const;
};

/// Blocks, a pool, and forks. The rules of the contract are written here a second time, small.
class SimChain {
  public:
    SimChain();

    void send(const SimCall& call) { pool_.push_back(call); }
    void mine();
    /// Takes blocks back, but none that was ever safe; their calls return to the pool, deposits
    /// only where `keeps` says so: a payer may sign the same money away elsewhere.
    void fork(std::uint64_t depth, const std::function<bool(const SimCall&)>& keeps);

    std::uint64_t head() const { return blocks_.size() - 1; }
    const SimMoney& now() const { return blocks_.back().money; }
    /// All deposits of a payer that were in a block once and are in none any more.
    std::uint64_t undone(std::uint32_t payer) const { return undone_.at(payer); }
    /// As a node reads it that stands at `block`.
    ledger::ChainState state(std::uint32_t payer, std::uint64_t block) const;

  private:
    struct Block {
        SimMoney money;
        std::vector<SimCall> calls;
    };
    std::vector<Block> blocks_;
    std::vector<SimCall> pool_;
    std::array<std::uint64_t, kPayers> undone_{};
    std::uint64_t safe_ = 0;
};

}  // namespace stoa::proof
