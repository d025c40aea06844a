#pragma once

#include <functional>
#include <string>

#include <boost/json.hpp>

#include "stoa/gateway/router.hpp"
#include "stoa/io/metrics.hpp"

namespace stoa::gateway {

/// For whoever runs or inspects the node: `/healthz`, `/readyz`, `/metrics`, the OpenAPI document
/// with its page, and `/.well-known/stoa`.
class OperationRoutes {
  public:
    /// What `/readyz` says: whether the node is ready, and why not.
    struct Readiness {
        bool ready = false;
        boost::json::object parts;
    };

    OperationRoutes(io::Metrics& metrics, std::function<Readiness()> readiness,
                    boost::json::object well_known, std::string openapi);

    void add_to(Router&);
    /// Called before the metrics are read.
    void on_metrics(std::function<void()> call) { measure_ = std::move(call); }

  private:
    io::Metrics& metrics_;
    std::function<Readiness()> readiness_;
    std::function<void()> measure_ = [] {};
    boost::json::object well_known_;
    io::SharedBody openapi_;
    io::SharedBody docs_page_;
};

/// A page that lists the operations of an OpenAPI document, without a script.
std::string docs_page(const boost::json::object& openapi);

}  // namespace stoa::gateway
