#include "stoa/gateway/chain_link.hpp"

#include "stoa/chain/codec.hpp"

namespace stoa::gateway {
namespace {

const U256 kCoin{1'000'000'000'000'000'000u};

std::unique_ptr<keys::Signer> key(const keys::Keystore& store, std::string_view name) {
    auto signer = store.load_or_create(name);
    if (!signer) {
        throw std::runtime_error("the key \"" + std::string(name) +
                                 "\" can't be opened: " + signer.error().message());
    }
    return *std::move(signer);
}

}  // namespace

NodeKeys NodeKeys::open(const std::filesystem::path& folder) {
    const auto store = keys::Keystore::open(folder);
    if (!store) {
        throw std::runtime_error("the keys in " + folder.string() +
                                 " can't be used: " + store.error().message());
    }
    return {.sender = key(*store, "operator"), .authorizer = key(*store, "authorizer")};
}

ChainLink::ChainLink(Machine& machine, const Config& config)
    : deployment_(chain::read_deployment(config.chain.deployment)) {
    if (config.chain.embedded) {
        chain::EmbeddedConfig embedded;
        embedded.anvil = config.chain.anvil;
        embedded.genesis = config.chain.genesis;
        embedded.folder = config.data / "chain";
        embedded.chain_id = deployment_.chain_id;
        embedded.genesis_hash = deployment_.genesis;
        embedded_ =
            std::make_unique<chain::Embedded>(embedded, machine.client, machine.pool, machine.log);
        machine.finish(
            [](chain::Embedded& chain) -> Task<void> { co_await chain.start(); }(*embedded_));
        return;
    }
    chain::HttpRpcConfig http;
    http.urls = config.chain.rpc;
    http.pin = deployment_.pin();
    http_ = std::make_unique<chain::HttpRpc>(machine.client, machine.pool, http, machine.log);
    machine.finish(chain::verify(*http_, deployment_.pin()));
}

Task<void> ChainLink::fund(eth::Address account) {
    if (!embedded_) co_return;
    if (co_await chain::native_balance(rpc(), account) > kCoin) co_return;
    chain::json::array params;
    params.emplace_back(eth::to_checksum(account));
    params.emplace_back(chain::to_quantity(kCoin * 1000));
    co_await rpc().get("anvil_setBalance", std::move(params));
}

}  // namespace stoa::gateway
