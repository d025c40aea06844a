#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "stoa/chain/rpc.hpp"

namespace stoa::chain {

struct EmbeddedConfig {
    std::filesystem::path anvil;    ///< The native binary.
    std::filesystem::path genesis;  ///< State dump made by the deployment script.
    std::filesystem::path folder;   ///< Pid file, dumps, log, kept transactions.
    std::uint64_t chain_id = 1337;
    std::uint16_t port = 0;  ///< 0: chosen by the system at each start.
    std::chrono::seconds block_time{12};
    std::chrono::seconds dump_every{30};
};

}  // namespace stoa::chain
