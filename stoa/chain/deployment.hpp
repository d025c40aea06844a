#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "stoa/chain/rpc.hpp"

namespace stoa::chain {

struct Token {
    std::string symbol;
    std::string name;  ///< Of the token's EIP-712 domain, with `version`.
    std::string version;
    eth::Address address;
    unsigned decimals = 0;
    bool eip3009 = false;
    bool permit = false;  ///< EIP-2612.
};

/// Where Stoa stands on one chain: `deployments/<chainId>.json`, which the deployment script
/// writes.
struct Deployment {
    std::uint64_t chain_id = 0;
    std::string name;
    std::string
        explorer;  ///< https URL of a block explorer, whose pages are `/tx/0x…`; may be empty.
    Hash256 genesis;
    std::uint64_t block = 0;  ///< Nothing of ours is older.
    std::map<std::string, eth::Address> contracts;
    std::map<std::string, Hash256> code_hashes;  ///< Of some or all of `contracts`.
    std::vector<Token> tokens;

    /// Throws `std::out_of_range` with the name for a contract that is not deployed here.
    const eth::Address& contract(const std::string& name) const;
    const Token* token(const eth::Address&) const;
    ChainPin pin() const;
};

/// Throw `std::runtime_error`: a deployment file is part of the installation.
Deployment parse_deployment(const boost::json::value&);
Deployment read_deployment(const std::filesystem::path&);

}  // namespace stoa::chain
