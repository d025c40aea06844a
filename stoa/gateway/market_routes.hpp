#pragma once

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/io/clock.hpp"

namespace stoa::gateway {

/// `/api/models`, offers, licences, manifests and terms: reads of the catalogue, and the texts that
/// the chain knows by digest only.
class MarketRoutes {
  public:
    MarketRoutes(catalogue::Catalogue&, const chain::Deployment&, chain::Rpc&, const ServedModels&,
                 const io::Clock&);

    void add_to(Router&);

    /// Turns a query into its meaning where an embedding model is served; else empty.
    using Embed = std::function<Task<std::vector<float>>(std::string)>;
    void set_embed(Embed embed) { embed_ = std::move(embed); }

    /// Called when a manifest has been stored: lists may show more now.
    void on_manifest(std::function<void()> stored) { on_manifest_ = std::move(stored); }

    /// Number, alias, `<registrant>/<slug>`, or a slug that is used once.
    Task<std::optional<std::uint64_t>> resolve(std::string name);

  private:
    Task<Answer> models(Request&);
    Task<Answer> model(Request&);
    Task<Answer> versions(Request&);
    Task<Answer> offer(Request&);
    Task<Answer> licences(Request&);
    Task<Answer> put_text(Request&, bool manifest);
    Task<Answer> get_text(Request&, bool manifest);
    Task<Amount> price_now(const catalogue::Offer&);

    catalogue::Catalogue& catalogue_;
    const chain::Deployment& deployment_;
    chain::Rpc& rpc_;
    const io::Clock& clock_;
    MarketContext context_;
    Embed embed_;
    std::function<void()> on_manifest_;
};

}  // namespace stoa::gateway
