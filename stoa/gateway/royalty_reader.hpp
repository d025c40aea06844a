#pragma once

#include <optional>
#include <vector>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/ledger/channel_reader.hpp"
#include "stoa/market/waterfall.hpp"

namespace stoa::gateway {

/// Claims that one transaction takes.
inline constexpr std::size_t kMaxReleaseCalls = 100;

struct RoyaltyQuery {
    RoyaltyQuery() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    std::uint64_t model = 0;
    eth::Address pay_to;
    eth::Address token;              ///< Zero is the native coin.
    std::optional<Amount> amount{};  ///< Of a sale to look at.
    /// Then the money comes in at this service's receiver, else at `pay_to`.
    std::optional<catalogue::Service> service{};
};

/// A split above: what it owes to the model's.
struct RoyaltySource {
    catalogue::PaidSplit split;
    std::uint32_t share = 0;
    Amount due;
};

/// What is claimed from channels and not paid out to its receiver.
struct RoyaltySettle {
    eth::Address receiver;
    Amount amount;
};

struct RoyaltyPull {
    market::Pull pull;
    bool refused = false;  ///< The token refuses its recipient; it blocks nobody else.
};

/// Who earns what of a model, in one token, at one block.
struct Royalties {
    Royalties() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    std::uint64_t block = 0;
    RoyaltyQuery query;
    std::vector<catalogue::PaidSplit> splits;  ///< The one where a sale comes in first.
    std::vector<RoyaltySource> sources;
    std::vector<RoyaltySettle> settles;
    std::vector<market::SplitState> now;    ///< Of `splits`, as are the next two.
    std::vector<market::SplitState> drawn;  ///< Once everything is settled and drawn.
    std::vector<market::SplitState> sold;   ///< And once more after the sale.
    std::vector<RoyaltyPull> pulls;         ///< What draws everything, in order.
};

/// Reads it from catalogue and chain. Throws `chain::RpcFailure`.
class RoyaltyReader {
  public:
    RoyaltyReader(catalogue::Catalogue& catalogue, const chain::Deployment& deployment,
                  chain::Rpc& rpc)
        : catalogue_(catalogue), deployment_(deployment), rpc_(rpc), channels_(rpc) {}

    Task<Royalties> read(RoyaltyQuery);

    /// Call data for Multicall3 that settles and draws: the first `kMaxReleaseCalls` of what isn't
    /// refused. Empty where there is nothing.
    ByteVector release_call(const Royalties&) const;

  private:
    Task<void> read_states(Royalties&, const RoyaltyQuery&);
    Task<void> read_settles(Royalties&, const eth::Address& token);
    Task<void> find_refused(Royalties&, const eth::Address& token);

    catalogue::Catalogue& catalogue_;
    const chain::Deployment& deployment_;
    chain::Rpc& rpc_;
    ledger::ChannelReader channels_;
};

}  // namespace stoa::gateway
