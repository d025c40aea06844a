#pragma once

#include <memory>

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/embedded.hpp"
#include "stoa/gateway/machine.hpp"
#include "stoa/keys/keystore.hpp"

namespace stoa::gateway {

/// The node's keys: `operator` sends transactions, pays gas and is the provider; `authorizer` signs
/// claims and refunds of its services.
struct NodeKeys {
    std::unique_ptr<keys::Signer> sender;
    std::unique_ptr<keys::Signer> authorizer;

    /// Makes them at the first start. Throws `std::runtime_error`.
    static NodeKeys open(const std::filesystem::path& folder);
};

/// The way to the chain: the embedded one, which it starts or finds again, or others' endpoints.
class ChainLink {
  public:
    /// Blocks until the chain answers and is proven to be the deployment's. Throws.
    ChainLink(Machine&, const Config&);

    const chain::Deployment& deployment() const { return deployment_; }
    chain::Rpc& rpc() { return embedded_ ? embedded_->rpc() : *http_; }
    /// Null where the chain is not embedded.
    chain::Embedded* embedded() { return embedded_.get(); }

    /// On the embedded chain the operator gets coins for gas when it has few.
    Task<void> fund(eth::Address account);

  private:
    chain::Deployment deployment_;
    std::unique_ptr<chain::Embedded> embedded_;
    std::unique_ptr<chain::HttpRpc> http_;
};

}  // namespace stoa::gateway
