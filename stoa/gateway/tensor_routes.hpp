#pragma once

#include <functional>
#include <memory>

#include "stoa/gateway/paid.hpp"

namespace stoa::gateway {

/// Tensor models for money, by the Open Inference Protocol, version 2: `/v2/health/{live,ready}`,
/// `/v2/models/{model}` and its `/ready`, all free, and `POST /v2/models/{model}/infer`, which
/// costs the service's price of a call and is paid for as calls of `/v1` are.
class TensorRoutes {
  public:
    /// `is_ready`: whether the node is.
    TensorRoutes(std::shared_ptr<PaidDesk>, std::function<bool()> is_ready);
    ~TensorRoutes();

    void add_to(Router&);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::gateway
