#pragma once

#include <memory>
#include <set>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// `/api/events`: what happens on the chain, as it happens (SSE). `Last-Event-ID` resumes. What the
/// node is given meanwhile, and the chain doesn't tell, is told without an id.
class EventRoutes {
  public:
    static constexpr std::size_t kMaxWatchers = 500;

    EventRoutes(catalogue::Catalogue&, boost::asio::any_io_executor);
    ~EventRoutes();

    void add_to(Router&);
    /// Tells all who watch that a manifest is here whose digest the chain has named before.
    void manifest_stored();
    /// Ends all streams, so that the server can stop.
    void stop();

  private:
    struct Watcher;
    Task<Answer> events(Request&);
    Task<void> stream(std::shared_ptr<Watcher>, io::Writer&);

    catalogue::Catalogue& catalogue_;
    boost::asio::any_io_executor executor_;
    std::set<std::shared_ptr<Watcher>> watchers_;
    std::uint64_t manifests_ = 0;  ///< Stored since the start.
    bool stopped_ = false;
};

}  // namespace stoa::gateway
