#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/gateway/config.hpp"
#include "stoa/gateway/served.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::gateway {

/// Brings together what the configuration says (a file, a name, a price), what runs (a worker), and
/// what the chain says (a listed version of these weights, a service of this node). Where the
/// version is listed and no service of this node has its price, it offers one. One event loop.
class LocalModels {
  public:
    struct Parts {
        boost::asio::any_io_executor executor;
        io::Pool& pool;
        const Config& config;
        const chain::Deployment& deployment;
        catalogue::Catalogue& catalogue;
        chain::Sender& sender;
        const chain::Abi& services_abi;
        eth::Address authorizer;
        ServedModels& served;
        const io::Clock& clock;
        io::Log log;
    };

    explicit LocalModels(Parts);

    /// Starts the workers, one after the other; a file that is not what its listing says is logged
    /// and left out.
    Task<void> start();
    /// Ends them, and starts no more.
    void stop();

    /// Follows the chain until cancelled: looks again whenever `kick` says that something changed.
    Task<void> run();
    void kick();

  private:
    struct Local {
        const ModelConfig* config = nullptr;
        std::shared_ptr<inference::WorkerEngine> engine;
        ServedModel* served = nullptr;
    };

    Task<void> start_worker(Local&);
    Task<void> look();
    Task<void> match(Local&);
    Task<void> offer(const Local&);
    bool is_wanted(const Local&, const catalogue::Service&) const;
    chain::Job offer_job(const Local&, const eth::Address& token) const;

    Parts parts_;
    std::vector<Local> locals_;
    boost::asio::steady_timer wake_;
    bool kicked_ = true;
    bool stopped_ = false;
};

}  // namespace stoa::gateway
