#include "stoa/gateway/local_models.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/content/manifest.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/service_refusal.hpp"
#include "stoa/io/file.hpp"

namespace stoa::gateway {
namespace {

constexpr std::chrono::hours kServiceLife{24 * 180};  // The most that Services allows.
constexpr std::chrono::hours kRenewBefore{24 * 7};    // Time for 402s in flight to run out.
constexpr std::chrono::seconds kLookEvery{30};
constexpr std::chrono::seconds kOfferDeadline{60};

/// SHA-256 of the weights, as the manifest beside the file says.
Hash256 weights_digest(const ModelConfig& model) {
    const auto text = io::read_file(model.manifest, content::kMaxManifestBytes);
    const auto manifest = content::parse_manifest(text);
    if (!manifest) {
        throw ConfigError(model.manifest.string() + ": " + manifest.error().message());
    }
    for (const auto& file : manifest->files) {
        if (file.role == "weights" && file.sha256) return *file.sha256;
    }
    throw ConfigError(model.manifest.string() + " names no weights with a SHA-256");
}

ServiceTerms terms_of(const catalogue::Service& service) {
    return {.id = service.id,
            .receiver = service.receiver,
            .receiver_authorizer = service.receiver_authorizer,
            .token = service.token,
            .price = service.price,
            .valid_until = unix_time(service.valid_until),
            .endpoint = service.endpoint};
}

bool same(const payment::Price& a, const payment::Price& b) {
    return a.per_call == b.per_call && a.per_million_input == b.per_million_input &&
           a.per_million_output == b.per_million_output;
}

bool pays(const catalogue::Service& service, const eth::Address& account) {
    return std::ranges::find(service.payees, account, &catalogue::Payee::account) !=
           service.payees.end();
}

}  // namespace

LocalModels::LocalModels(Parts parts) : parts_(std::move(parts)), wake_(parts_.executor) {
    for (const auto& model : parts_.config.models) {
        inference::WorkerOptions options;
        options.worker = parts_.config.worker;
        options.model = model.file;
        options.backend = model.backend;
        options.digest = weights_digest(model);
        Local local;
        local.config = &model;
        local.engine = std::make_shared<inference::WorkerEngine>(parts_.executor, parts_.pool,
                                                                 parts_.log, options);
        ServedModel served;
        served.alias = model.alias;
        served.engine = local.engine;
        served.weights = options.digest;
        served.title = model.alias;
        local.served = &parts_.served.add(std::move(served));
        locals_.push_back(std::move(local));
    }
}

Task<void> LocalModels::start_worker(Local& local) {
    const std::string file = local.config->file.filename().string();
    try {
        const auto started = co_await local.engine->start();
        if (started) {
            parts_.log.info("a model is loaded", {{"alias", local.config->alias}, {"file", file}});
        } else {
            parts_.log.error("a model is not served", {{"alias", local.config->alias},
                                                       {"file", file},
                                                       {"why", started.error().message()}});
        }
    } catch (const std::exception& failure) {
        parts_.log.error("a worker could not load its model",
                         {{"alias", local.config->alias}, {"file", file}, {"why", failure.what()}});
    }
}

Task<void> LocalModels::start() {
    for (auto& local : locals_) {
        if (stopped_) co_return;
        co_await start_worker(local);
    }
}

void LocalModels::stop() {
    stopped_ = true;
    for (auto& local : locals_) local.engine->stop();
}

void LocalModels::kick() {
    kicked_ = true;
    wake_.cancel();
}

Task<void> LocalModels::run() {
    for (;;) {
        kicked_ = false;
        try {
            co_await look();
        } catch (const chain::RpcFailure& failure) {
            parts_.log.warning("services can't be looked after now", {{"why", failure.what()}});
        }
        if (kicked_) continue;
        wake_.expires_after(kLookEvery);
        boost::system::error_code woken;
        co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
}

Task<void> LocalModels::look() {
    const auto services =
        co_await parts_.catalogue.services_of(parts_.sender.address(), parts_.clock.now());
    for (const auto& service : services) parts_.served.remember(terms_of(service));
    for (auto& local : locals_) {
        co_await match(local);
        if (local.served->model == 0) continue;
        const auto found = std::ranges::find_if(
            services, [&](const auto& service) { return is_wanted(local, service); });
        if (found == services.end()) {
            co_await offer(local);
        } else if (!local.served->service || local.served->service->id != found->id) {
            local.served->service = terms_of(*found);
            parts_.log.info("a model is open",
                            {{"alias", local.config->alias}, {"service", found->id}});
        }
    }
}

Task<void> LocalModels::match(Local& local) {
    const auto listings = co_await parts_.catalogue.listings_of(local.served->weights);
    if (listings.empty()) co_return;
    const auto [model, version] = listings.front();
    const auto summary = co_await parts_.catalogue.summary(model, parts_.clock.now());
    if (!summary) co_return;
    ServedModel& served = *local.served;
    served.model = model;
    served.version = version;
    served.name = eth::to_checksum(summary->creator) + "/" + summary->slug;
    served.canonical_id = "eip155:" + std::to_string(parts_.deployment.chain_id) + "/erc721:" +
                          eth::to_checksum(parts_.deployment.contract("ModelRegistry")) + "/" +
                          std::to_string(model);
    served.title = summary->title;
    served.creator = summary->creator;
    served.created = unix_time(summary->created_at);
}

bool LocalModels::is_wanted(const Local& local, const catalogue::Service& service) const {
    return service.model == local.served->model && service.version == local.served->version &&
           (parts_.config.payout == eth::kZeroAddress || pays(service, parts_.config.payout)) &&
           !service.ended && service.receiver_authorizer == parts_.authorizer &&
           same(service.price, local.config->price) &&
           unix_time(service.valid_until) > parts_.clock.now() + kRenewBefore;
}

chain::Job LocalModels::offer_job(const Local& local, const eth::Address& token) const {
    using eth::abi::Value;
    const ServedModel& served = *local.served;
    const auto& price = local.config->price;
    const bool tensors = local.config->backend == inference::Backend::onnx;
    const std::string endpoint = parts_.config.url() + (tensors ? "/v2/models/" + served.alias
                                                                : "/m/" + served.alias + "/v1");
    const std::vector<Value> pricing{std::vector<Value>{
        token, price.per_call, price.per_million_input, price.per_million_output}};
    const std::vector<Value> service{
        served.model,      served.version,
        endpoint,          pricing,
        parts_.authorizer, parts_.config.payout,
        std::uint64_t{0},  static_cast<std::uint64_t>(std::chrono::seconds(kServiceLife).count())};
    chain::Job job;
    job.to = parts_.deployment.contract("Services");
    job.data = parts_.services_abi.function("offerService").encode({Value(service)});
    // The same offer within a week is the same wish; a later one renews it.
    const auto week = unix_seconds(parts_.clock.now()) / std::chrono::seconds(kRenewBefore).count();
    job.id = "service:" + to_hex(eth::keccak256(job.data)) + ":" + std::to_string(week);
    return job;
}

Task<void> LocalModels::offer(const Local& local) {
    if (parts_.deployment.tokens.empty()) co_return;
    const auto token = parts_.deployment.tokens.front().address;
    const auto receipt = co_await parts_.sender.send(offer_job(local, token), kOfferDeadline);
    if (receipt) {
        local.served->refused.clear();
        co_return;
    }
    const auto detail = co_await parts_.catalogue.detail(local.served->model, parts_.clock.now());
    local.served->refused = explain_refusal(
        receipt.error(), detail ? detail->royalty : catalogue::Royalty{}, parts_.sender.address());
    parts_.log.error("a service could not be offered",
                     {{"alias", local.config->alias}, {"why", local.served->refused}});
}

}  // namespace stoa::gateway
