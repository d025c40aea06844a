#include "stoa/chain/deployment.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"

namespace stoa::chain {
namespace {

namespace json = boost::json;

Token read_token(const json::value& value) {
    Token token;
    token.symbol = value.at("symbol").as_string();
    token.name = value.at("name").as_string();
    token.version = value.at("version").as_string();
    token.address = eth::parse_address(value.at("address").as_string()).value();
    token.decimals = value.at("decimals").to_number<unsigned>();
    token.eip3009 = value.at("eip3009").as_bool();
    token.permit = value.at("permit").as_bool();
    return token;
}

}  // namespace

const eth::Address& Deployment::contract(const std::string& wanted) const {
    const auto found = contracts.find(wanted);
    if (found == contracts.end()) {
        throw std::out_of_range("the deployment on chain " + std::to_string(chain_id) +
                                " has no contract " + wanted);
    }
    return found->second;
}

const Token* Deployment::token(const eth::Address& address) const {
    for (const Token& each : tokens) {
        if (each.address == address) return &each;
    }
    return nullptr;
}

ChainPin Deployment::pin() const {
    ChainPin pin{chain_id, genesis, {}};
    for (const auto& [contract_name, hash] : code_hashes) pin.code[contract(contract_name)] = hash;
    return pin;
}

Deployment parse_deployment(const json::value& file) {
    Deployment deployment;
    deployment.chain_id = file.at("chainId").to_number<std::uint64_t>();
    if (const auto* text = file.as_object().if_contains("name")) {
        deployment.name = text->as_string();
    }
    if (const auto* text = file.as_object().if_contains("explorer")) {
        deployment.explorer = text->as_string();
        if (!deployment.explorer.starts_with("https://")) {
            throw std::runtime_error("\"explorer\" is no https URL");
        }
        while (deployment.explorer.ends_with('/')) deployment.explorer.pop_back();
    }
    deployment.genesis = parse_hash(file.at("genesisHash").as_string()).value();
    deployment.block = file.at("block").to_number<std::uint64_t>();
    for (const auto& entry : file.at("contracts").as_object()) {
        deployment.contracts[entry.key()] = eth::parse_address(entry.value().as_string()).value();
    }
    if (const auto* hashes = file.as_object().if_contains("codeHashes")) {
        for (const auto& entry : hashes->as_object()) {
            deployment.code_hashes[entry.key()] = parse_hash(entry.value().as_string()).value();
        }
    }
    for (const auto& token : file.at("tokens").as_array()) {
        deployment.tokens.push_back(read_token(token));
    }
    return deployment;
}

Deployment read_deployment(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && text.empty()) throw std::runtime_error("cannot read " + path.string());
    try {
        return parse_deployment(json::parse(text));
    } catch (const std::exception& why) {
        throw std::runtime_error(path.string() + " is no deployment file: " + why.what());
    }
}

}  // namespace stoa::chain
