#pragma once

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/io/log.hpp"

namespace stoa::gateway {

/// Search by meaning, with an embedding model that the node serves: gives every listing its vector,
/// and every query. Without such a model search is by words alone. One event loop.
class Meaning {
  public:
    static constexpr std::size_t kMaxCached = 1'000;

    Meaning(boost::asio::any_io_executor, catalogue::Catalogue&, const ServedModels&, io::Log);

    /// Empty where no model can say it in time.
    Task<std::vector<float>> of(std::string text);

    /// Embeds new listings until cancelled.
    Task<void> run();
    void kick();

  private:
    const ServedModel* embedder() const;
    Task<bool> embed_some();
    void remember(const std::string& text, const std::vector<float>&);

    catalogue::Catalogue& catalogue_;
    const ServedModels& served_;
    io::Log log_;
    boost::asio::steady_timer wake_;
    bool kicked_ = true;
    Hash256 weights_{};             ///< Of the model that the vectors here are of.
    std::list<std::string> order_;  ///< Of `cache_`, oldest first.
    std::unordered_map<std::string, std::vector<float>> cache_;
};

}  // namespace stoa::gateway
