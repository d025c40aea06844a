#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "stoa/eth/address.hpp"
#include "stoa/inference/worker_engine.hpp"
#include "stoa/io/log.hpp"
#include "stoa/payment/price.hpp"

namespace stoa::gateway {

/// A setting is wrong; `what()` names it and says what it may be.
class ConfigError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct ChainConfig {
    bool embedded = true;
    std::filesystem::path anvil;  ///< Embedded only, with `genesis`.
    std::filesystem::path genesis;
    std::vector<std::string> rpc;      ///< Where not embedded: at least one URL.
    std::filesystem::path deployment;  ///< `deployments/<chainId>.json`.
};

/// What carrying others' signatures may cost this node.
struct RelaySettings {
    /// By a token's symbol, what 10^18 wei are worth in its smallest unit, with the operator's
    /// margin. Orders in a token of this list must bring a relay fee that covers their gas; others
    /// are free within the quota. Empty by default: the embedded chain's gas costs nothing, and
    /// elsewhere only the operator knows what a coin is worth.
    std::map<std::string, Amount> tokens_per_coin;
    std::uint32_t free_per_day = 20;  ///< Deposits, exits and free orders of each payer.
};

/// For whose servers this node is a facilitator, and what that may cost it in a day (of UTC).
struct FacilitatorSettings {
    std::vector<eth::Address> receivers;        ///< None: it is one for its own services only.
    std::vector<std::string> tokens;            ///< By symbol; none: all of the chain's deployment.
    std::uint32_t per_day = 1'000;              ///< Transactions for one receiver.
    U256 gas_per_day{100'000'000'000'000'000};  ///< Wei, all receivers together.
};

/// A model file that this node serves, once its weights are listed on chain.
struct ModelConfig {
    std::string alias;
    std::filesystem::path file;
    inference::Backend backend = inference::Backend::llama;
    std::filesystem::path manifest;
    payment::Price price;
};

struct Config {
    std::filesystem::path data;
    std::string host = "127.0.0.1";
    unsigned short port = 8420;
    /// The provider's own wallet: it is paid, and may claim without the node's keys. Zero: the
    /// operator key is both.
    eth::Address payout;
    std::string public_url;  ///< Empty: http://localhost:<port>.
    std::filesystem::path dapp;
    std::filesystem::path worker;
    std::filesystem::path openapi;  ///< The document that /openapi.json serves.
    std::filesystem::path abi;      ///< Folder of the contracts' interfaces.
    io::LogFormat log_format = io::LogFormat::text;
    io::LogLevel log_level = io::LogLevel::info;
    ChainConfig chain;
    RelaySettings relay;
    FacilitatorSettings facilitator;
    std::vector<ModelConfig> models;

    std::string url() const {
        return public_url.empty() ? "http://localhost:" + std::to_string(port) : public_url;
    }
};

/// Reads a TOML file; relative paths are relative to it. Unknown settings are errors, so that a
/// misspelt one is seen. Throws `ConfigError`.
Config read_config(const std::filesystem::path&);

/// Whether what the configuration names is there; throws `ConfigError` for what is not.
void check(const Config&);

}  // namespace stoa::gateway
