#include "stoa/gateway/node.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include "stoa/gateway/admin_routes.hpp"
#include "stoa/gateway/chain_link.hpp"
#include "stoa/gateway/chain_routes.hpp"
#include "stoa/gateway/event_routes.hpp"
#include "stoa/gateway/local_models.hpp"
#include "stoa/gateway/market_routes.hpp"
#include "stoa/gateway/meaning.hpp"
#include "stoa/gateway/money_metrics.hpp"
#include "stoa/gateway/money_routes.hpp"
#include "stoa/gateway/operation_routes.hpp"
#include "stoa/gateway/page_routes.hpp"
#include "stoa/gateway/paid_desk.hpp"
#include "stoa/gateway/price_routes.hpp"
#include "stoa/gateway/relay_routes.hpp"
#include "stoa/gateway/royalty_routes.hpp"
#include "stoa/gateway/rpc_routes.hpp"
#include "stoa/gateway/sign_in_routes.hpp"
#include "stoa/gateway/tensor_routes.hpp"
#include "stoa/gateway/x402_routes.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/file.hpp"
#include "stoa/io/http_server.hpp"
#include "stoa/ledger/deposits.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxOpenApiBytes = 1 << 20;
constexpr std::chrono::seconds kGrace{10};  // For requests that run when the node ends.
constexpr std::chrono::seconds kLastClaims{10};

chain::Abi read_abi(const std::filesystem::path& folder) {
    chain::Abi all;
    for (const char* name : {"Channels", "ERC3009DepositCollector", "Licences", "Market",
                             "ModelRegistry", "Purse", "Purses", "Services", "Splits", "TestUSD"}) {
        all.add(chain::Abi::read(folder / (std::string(name) + ".json")));
    }
    return all;
}

relay::RelayConfig relay_config(const RelaySettings& settings,
                                const chain::Deployment& deployment) {
    relay::RelayConfig config;
    config.limits.gas_budget_wei = U256{1'000'000'000'000'000'000u} * 5;
    config.limits.free_per_day = settings.free_per_day;
    for (const auto& [symbol, rate] : settings.tokens_per_coin) {
        const auto token = std::ranges::find(deployment.tokens, symbol, &chain::Token::symbol);
        if (token == deployment.tokens.end()) {
            throw ConfigError("\"relay.tokens_per_coin." + symbol +
                              "\" is no token of the deployment");
        }
        config.tokens_per_coin[token->address] = rate;
    }
    return config;
}

/// The socket first: a busy port must be told before anything else is started.
struct Front {
    io::Server server;
    unsigned short port;
    std::unique_ptr<Router> router;

    Front(Machine& machine, const Config& config)
        : server(
              machine.loop.get_executor(),
              [this](io::Request& request) { return router->handle(request); }, limits(),
              [this](unsigned status, std::string_view why) {
                  return router->refused(status, why);
              },
              machine.log),
          port(server.listen(config.host, config.port)) {}

    io::ServerLimits limits() {
        io::ServerLimits limits;
        limits.body_bytes_of = [this](const io::Request& request) {
            return router->body_bytes_of(request);
        };
        return limits;
    }
};

/// Everything between the chain and the routes, from the bottom to the top.
struct Core {
    NodeKeys node_keys;
    ChainLink link;
    std::shared_ptr<const chain::Abi> abi;
    db::Database operator_database;
    db::Database market_database;
    std::optional<db::Database> facilitator_database;  ///< Where it is one for others.
    chain::Sender sender;
    catalogue::Catalogue catalogue;
    ledger::Ledger ledger;
    ledger::Mirror mirror;
    payment::ChannelDomain channels;
    ledger::Settler settler;
    ledger::Deposits deposits;
    relay::Relay relay;
    chain::Follower follower;
    ServedModels served;
    LocalModels local_models;
    Meaning meaning;

    Core(Machine& machine, const Config& config, std::function<void(const std::string&)> failed)
        : node_keys(NodeKeys::open(config.data / "keys")),
          link(machine, config),
          abi(std::make_shared<const chain::Abi>(read_abi(config.abi))),
          operator_database(config.data / "operator.sqlite"),
          market_database(config.data / "market.sqlite", {.synchronous = db::Synchronous::normal}),
          sender(link.rpc(), operator_database, *node_keys.sender, machine.clock,
                 link.deployment().chain_id, sender_config(), machine.log),
          catalogue(market_database, link.deployment(), sender.address()),
          ledger(machine.loop.get_executor(), machine.clock,
                 {.file = config.data / "ledger.sqlite"}, std::move(failed)),
          mirror(machine.loop.get_executor(), ledger, ledger::ChannelReader(link.rpc()),
                 machine.log),
          channels(link.deployment().chain_id),
          settler(ledger, mirror, sender, *node_keys.authorizer, channels, machine.clock,
                  machine.loop.get_executor(), {}, machine.log),
          deposits(ledger, mirror, sender, channels),
          relay(link.rpc(), sender, operator_database, *node_keys.authorizer, link.deployment(),
                machine.clock, relay_config(config.relay, link.deployment())),
          follower(link.rpc(), market_database, machine.pool, link.deployment().chain_id,
                   {&catalogue, &mirror}, follower_config(), machine.log),
          local_models({machine.loop.get_executor(), machine.pool, config, link.deployment(),
                        catalogue, sender, *abi, node_keys.authorizer->address(), served,
                        machine.clock, machine.log}),
          meaning(machine.loop.get_executor(), catalogue, served, machine.log) {
        if (!config.facilitator.receivers.empty()) {
            facilitator_database.emplace(config.data / "facilitator.sqlite");
        }
        catalogue.on_change([this] { local_models.kick(); });
        mirror.on_leaving([this](const ledger::ChannelId&) { settler.kick(); });
        machine.finish(link.fund(sender.address()));
    }

    chain::FollowerConfig follower_config() const {
        chain::FollowerConfig config;
        config.start_block = link.deployment().block;
        return config;
    }

    chain::SenderConfig sender_config() const {
        chain::SenderConfig config;
        config.errors = abi;
        return config;
    }
};

/// What is answered under which address.
struct Routes {
    SignInDesk desk;
    SignInRoutes sign_in;
    ChainRoutes chain;
    RpcRoutes rpc;
    MarketRoutes market;
    EventRoutes events;
    MoneyRoutes money;
    LimitsDesk limits;
    RelayRoutes relay;
    RoyaltyRoutes royalties;
    PriceRoutes prices;
    std::shared_ptr<PaidDesk> paid_desk;
    PaidRoutes paid;
    TensorRoutes tensors;
    X402Routes x402;
    OperationRoutes operation;
    PageRoutes page;
    AdminRoutes admin;

    Routes(Machine& machine, const Config& config, Core& core)
        : desk(machine.clock),
          sign_in(desk, core.link.rpc(), core.link.deployment().chain_id),
          chain(core.link.deployment(), core.link.rpc(), core.sender,
                [&core] { core.follower.kick(); }),
          rpc(core.link.rpc(), core.link.deployment().chain_id, [&core] { core.follower.kick(); }),
          market(core.catalogue, core.link.deployment(), core.link.rpc(), core.served,
                 machine.clock),
          events(core.catalogue, machine.loop.get_executor()),
          money({core.ledger, ledger::ChannelReader(core.link.rpc()), core.catalogue,
                 core.link.deployment(), core.link.rpc(), core.sender, core.channels,
                 machine.clock}),
          limits(core.ledger, core.link.rpc(), core.channels, machine.clock),
          relay({core.relay, core.ledger, core.mirror, core.settler, core.link.deployment(),
                 core.catalogue, core.served, machine.clock, limits,
                 [&core] { core.follower.kick(); }}),
          royalties({core.catalogue, core.link.deployment(), core.link.rpc(), market, core.relay,
                     machine.clock, [&core] { core.follower.kick(); }}),
          prices(core.catalogue, core.link.deployment(), core.link.rpc()),
          paid_desk(std::make_shared<PaidDesk>(PaidParts{
              machine.loop.get_executor(), core.served, core.link.deployment(), core.channels,
              core.ledger, core.mirror, core.deposits, core.settler, core.sender,
              *core.node_keys.authorizer, machine.clock, config.url(), machine.log})),
          paid(paid_desk),
          tensors(paid_desk, [&core] { return core.follower.is_at_head(); }),
          x402(paid_desk->parts(), facilitator(machine, config, core)),
          operation(
              machine.metrics, [&core] { return readiness(core); }, well_known(core),
              io::read_file(config.openapi, kMaxOpenApiBytes)),
          page(config.dapp),
          admin(core.settler, core.ledger, ledger::ChannelReader(core.link.rpc()), core.served,
                core.sender.address()) {
        operation.on_metrics([&machine, &core] {
            measure_money(machine.metrics, core.ledger, core.sender, core.link.deployment(),
                          machine.clock.now());
        });
        relay.set_release([this](const Fields& fields) { return royalties.release(fields); });
        market.set_embed([&core](std::string text) { return core.meaning.of(std::move(text)); });
        market.on_manifest([this] { events.manifest_stored(); });
    }

    static std::shared_ptr<Facilitator> facilitator(Machine& machine, const Config& config,
                                                    Core& core) {
        if (!core.facilitator_database) return nullptr;
        return std::make_shared<Facilitator>(
            FacilitatorParts{core.sender, ledger::ChannelReader(core.link.rpc()),
                             core.link.deployment(), core.channels, *core.facilitator_database,
                             machine.clock},
            config.facilitator);
    }

    void add_to(Router& router) {
        sign_in.add_to(router);
        chain.add_to(router);
        rpc.add_to(router);
        market.add_to(router);
        events.add_to(router);
        money.add_to(router);
        royalties.add_to(router);
        prices.add_to(router);
        limits.add_to(router);
        paid.add_to(router);
        tensors.add_to(router);
        x402.add_to(router);
        relay.add_to(router);
        operation.add_to(router);
        page.add_to(router);
    }

    static OperationRoutes::Readiness readiness(const Core& core) {
        OperationRoutes::Readiness readiness;
        readiness.ready = core.follower.is_at_head();
        readiness.parts["chain"] = readiness.ready ? "followed" : "catching up";
        json::object models;
        for (const auto& model : core.served.all()) {
            models[model->alias] = model->is_open()          ? "open"
                                   : !model->engine->ready() ? "loading"
                                   : model->refused.empty()  ? "waits for its listing"
                                                             : model->refused;
        }
        readiness.parts["models"] = std::move(models);
        return readiness;
    }

    static json::object well_known(const Core& core) {
        return {{"software", "stoad"},
                {"provider", eth::to_checksum(core.sender.address())},
                {"authorizer", eth::to_checksum(core.node_keys.authorizer->address())},
                {"receipts",
                 {{"signer", eth::to_checksum(core.node_keys.authorizer->address())},
                  {"domain",
                   {{"name", "Stoa Receipt"},
                    {"version", "1"},
                    {"chainId", core.link.deployment().chain_id},
                    {"verifyingContract", eth::to_checksum(payment::kChannels)}}}}}};
    }
};

/// Files that say where the node is, for the command line and `./dev`.
class RunFiles {
  public:
    RunFiles(const Config& config, unsigned short port) : folder_(config.data / "run") {
        std::filesystem::create_directories(folder_);
        const std::string url =
            config.public_url.empty() ? "http://localhost:" + std::to_string(port) : config.url();
        io::write_file_atomic(folder_ / "stoad.pid", std::to_string(getpid()) + "\n");
        io::write_file_atomic(folder_ / "url", url + "\n");
    }
    ~RunFiles() {
        std::error_code ignored;
        std::filesystem::remove(folder_ / "stoad.pid", ignored);
    }
    RunFiles(const RunFiles&) = delete;

    std::filesystem::path admin_socket() const { return folder_ / "admin.sock"; }

  private:
    std::filesystem::path folder_;
};

void spawn(Machine& machine, const char* what, Task<void> work) {
    boost::asio::co_spawn(machine.loop, std::move(work),
                          [&machine, what](std::exception_ptr thrown) {
                              if (!thrown) return;
                              try {
                                  std::rethrow_exception(thrown);
                              } catch (const std::exception& failure) {
                                  machine.log.error("a part of the node ended",
                                                    {{"part", what}, {"why", failure.what()}});
                              }
                              machine.loop.stop();
                          });
}

Task<void> serve_models(LocalModels& models) {
    co_await models.start();
    co_await models.run();
}

void start_loops(Machine& machine, Core& core, PaidRoutes& paid) {
    if (auto* embedded = core.link.embedded()) spawn(machine, "chain", embedded->run());
    spawn(machine, "follower", core.follower.run());
    spawn(machine, "sender", core.sender.run());
    spawn(machine, "settler", core.settler.run());
    spawn(machine, "payments", paid.resume());
    spawn(machine, "models", serve_models(core.local_models));
    spawn(machine, "search", core.meaning.run());
}

/// What is worth its gas must not wait for a node that may never start again.
Task<void> settle_last(Machine& machine, ledger::Settler& settler) {
    try {
        co_await io::with_deadline(kLastClaims, settler.settle_due());
    } catch (const io::DeadlineExceeded&) {
        machine.log.warning("not all that is due was claimed before the end", {});
    }
}

}  // namespace

int run_node(Config config) {
    // A file that may not grow is an error of the write, as a full disk is.
    std::signal(SIGXFSZ, SIG_IGN);
    Machine machine(config);
    std::filesystem::create_directories(config.data);
    Front front(machine, config);
    config.port = front.port;
    front.router =
        std::make_unique<Router>(Site(config.url(), front.port), machine.log, machine.metrics);
    int status = 0;
    Core core(machine, config, [&](const std::string& why) {
        machine.log.error("the ledger can't be written; the node ends", {{"why", why}});
        status = 1;
        machine.loop.stop();
    });
    Routes routes(machine, config, core);
    routes.add_to(*front.router);
    RunFiles files(config, front.port);
    io::Server admin(machine.loop.get_executor(),
                     [&](io::Request& request) { return routes.admin.handle(request); });
    admin.listen_unix(files.admin_socket());

    boost::asio::signal_set signals(machine.loop, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { machine.loop.stop(); });
    start_loops(machine, core, routes.paid);
    machine.log.info("the node is open", {{"url", config.url()},
                                          {"provider", eth::to_checksum(core.sender.address())}});
    machine.loop.restart();
    machine.loop.run();

    machine.log.info("the node ends");
    routes.events.stop();
    core.local_models.stop();
    machine.finish(front.server.stop(kGrace));
    if (status == 0) machine.finish(settle_last(machine, core.settler));
    if (auto* embedded = core.link.embedded(); embedded && status == 0) {
        machine.finish(embedded->stop());
    }
    return status;
}

}  // namespace stoa::gateway
