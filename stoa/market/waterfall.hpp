#pragma once

#include <map>
#include <vector>

#include "stoa/market/split.hpp"

namespace stoa::market {

/// Of each 10,000; what parents of a model get is written so.
inline constexpr std::uint32_t kBps = 10'000;
inline constexpr std::uint32_t kMaxParentsBps = 5'000;
inline constexpr std::size_t kMaxParents = 8;
inline constexpr std::uint64_t kMaxDepth = 8;  ///< Models above one another.

/// A parent's split and its part of what the child earns.
struct ParentShare {
    eth::Address pay_to;
    std::uint32_t bps = 0;
};

/// The payees of a child's split, as the registry makes them: each parent its part, the creators
/// the rest in their proportions, rounded down; what that leaves is the first creator's. Accounts
/// that come twice are joined: as `check_payees`, for the creators and for the result.
Result<std::vector<Payee>> with_parents(const std::vector<Payee>& creators,
                                        const std::vector<ParentShare>& parents);

/// One payee of a split, with what it has drawn of one token.
struct Part {
    Part() = default;
    Part(const eth::Address& who, std::uint32_t of_million, Amount drawn)
        : account(who), share(of_million), claimed(std::move(drawn)) {}

    eth::Address account;
    std::uint32_t share = 0;  ///< Of `kWhole`.
    Amount claimed;
};

/// A split and one token, as the contract has them.
struct SplitState {
    eth::Address address;
    Amount received;  ///< What it holds, and what was drawn.
    std::vector<Part> parts;
};

/// What may be drawn now; nothing where a token's balance has shrunk by itself.
Amount due(const SplitState&, const Part&);

/// One claim that moved something.
struct Pull {
    eth::Address split;
    eth::Address account;
    Amount amount;
};

/// Splits that pay one another, each before those that it pays: what anyone who claims through all
/// of them in this order brings about, by the contracts' own integer rule.
class Waterfall {
  public:
    /// Asserts the order.
    explicit Waterfall(std::vector<SplitState>);

    /// Into a split of this waterfall.
    void pay(const eth::Address& split, const Amount&);
    /// Draws all there is through every level; what moved, in order.
    std::vector<Pull> pull();

    const std::vector<SplitState>& splits() const { return splits_; }
    const SplitState* find(const eth::Address&) const;
    /// What was received and no payee may draw: the floors leave it until more arrives.
    static Amount waits(const SplitState&);

  private:
    std::vector<SplitState> splits_;
    std::map<eth::Address, std::size_t> at_;
};

/// Of what comes in at the first split, how much of each 10^54 passes through each split.
std::vector<U256> wholes(const std::vector<SplitState>&);
/// The same of one payee, in millionths, rounded down.
std::uint32_t part_of_whole(const U256& whole, std::uint32_t share);

}  // namespace stoa::market
