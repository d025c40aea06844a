#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stoa/base/time.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/inference/engine.hpp"
#include "stoa/payment/price.hpp"

namespace stoa::gateway {

/// A service of the chain that this node answers for.
struct ServiceTerms {
    std::uint64_t id = 0;
    eth::Address receiver;             ///< Of its channels.
    eth::Address receiver_authorizer;  ///< A key of this node.
    eth::Address token;
    payment::Price price;
    UnixTime valid_until;
    std::string endpoint;
};

/// A model that this node serves: where its name, its engine and its listing meet.
struct ServedModel {
    std::string alias;  ///< The node's own name for it, such as "tinyllama".
    std::shared_ptr<inference::Engine> engine;

    // From the chain; `service` is empty until the version is listed and the service offered.
    std::uint64_t model = 0;
    std::uint32_t version = 0;
    Hash256 weights;           ///< SHA-256 of the file, as the version lists it.
    std::string name;          ///< `<registrant>/<slug>`.
    std::string canonical_id;  ///< `eip155:<chain>/erc721:<registry>/<id>`.
    std::string title;
    eth::Address creator;
    UnixTime created;
    std::optional<ServiceTerms> service;
    std::string refused;  ///< Why the chain takes no service of it from this node; a sentence.

    bool is_open() const { return service && engine && engine->ready(); }
};

/// All of them. Changed on the event loop only, by the node as it follows the chain; pointers last
/// as long as this does, but what they point to changes between two `co_await`s.
class ServedModels {
  public:
    ServedModel& add(ServedModel);

    /// By alias, by the model's number in decimal, or by `<registrant>/<slug>`.
    const ServedModel* find(std::string_view name) const;
    const ServedModel* find_service(std::uint64_t service) const;
    const std::vector<std::unique_ptr<ServedModel>>& all() const { return models_; }

    /// Every receiver that a service of this node ever had: its channels may still hold money.
    const std::vector<ServiceTerms>& services_ever() const { return services_; }
    void remember(ServiceTerms);

  private:
    std::vector<std::unique_ptr<ServedModel>> models_;
    std::vector<ServiceTerms> services_;
};

}  // namespace stoa::gateway
