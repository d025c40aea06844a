#pragma once

#include <boost/json.hpp>

#include "stoa/chain/rpc.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// `/rpc/{chainId}`: the chain's JSON-RPC for wallets and programs, so that a fresh browser needs
/// no other endpoint. Reads within limits and signed transactions; whatever is not listed is
/// refused with -32601, accounts, debug, admin and development methods among it.
class RpcRoutes {
  public:
    static constexpr std::size_t kMaxBatch = 50;
    static constexpr std::size_t kMaxBodyBytes = 256 * 1024;
    static constexpr std::uint64_t kMaxLogBlocks = 10'000;

    /// `kick` is told that somebody sent a transaction.
    RpcRoutes(chain::Rpc& rpc, std::uint64_t chain_id, std::function<void()> kick)
        : rpc_(rpc), chain_id_(chain_id), kick_(std::move(kick)) {}

    void add_to(Router&);

  private:
    Task<Answer> handle(Request&);
    Task<std::vector<boost::json::object>> answer(std::vector<boost::json::value> calls);

    chain::Rpc& rpc_;
    std::uint64_t chain_id_;
    std::function<void()> kick_;
};

}  // namespace stoa::gateway
