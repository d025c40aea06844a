#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "stoa/chain/rpc.hpp"
#include "stoa/io/http_client.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::chain {

struct HttpRpcConfig {
    std::vector<std::string> urls;  ///< At least one; earlier ones are preferred.
    /// Each endpoint proves it before it is believed, and again after each failure: what answers
    /// at its address may be another chain by then.
    ChainPin pin;
    std::chrono::milliseconds deadline{20'000};     ///< Of a batch, over all endpoints.
    std::chrono::milliseconds per_endpoint{8'000};  ///< Then the next one is asked.
    std::chrono::milliseconds cooldown{5'000};      ///< An endpoint that failed comes last.
    std::size_t max_answer_bytes = std::size_t{128} << 20;
};

/// JSON-RPC over HTTP to one of several endpoints of a chain. A batch goes to one endpoint whole;
/// where that one is down, slow, overloaded, garbled or of another chain, it goes to the next.
/// Lives on one event loop; any number of batches at once.
class HttpRpc final : public Rpc {
  public:
    /// Long answers are parsed on `pool`.
    HttpRpc(io::Client&, io::Pool& pool, HttpRpcConfig, io::Log = {});
    ~HttpRpc() override;

    Task<std::vector<RpcResult<json::value>>> batch(std::vector<RpcCall>) override;

    /// From now on these are asked; the embedded chain changes its port when it is started again.
    void set_urls(std::vector<std::string> urls);

  private:
    struct Endpoint;
    class Ask;
    using Endpoints = std::vector<std::shared_ptr<Endpoint>>;
    Endpoints in_order() const;

    io::Client& client_;
    io::Pool& pool_;
    HttpRpcConfig config_;
    io::Log log_;
    Endpoints endpoints_;
};

}  // namespace stoa::chain
