#include "stoa/gateway/chain_routes.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/chain/contract.hpp"
#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

const eth::abi::Function kFaucet{"faucet(address to)"};
const eth::abi::Function kFaucetAt{"faucetAt(address to) returns (uint256 time)"};
const eth::abi::Function kFaucetAmount{"FAUCET_AMOUNT() returns (uint256 amount)"};
constexpr std::chrono::seconds kDeadline{30};

json::object deployment_json(const chain::Deployment& deployment, const Site& site) {
    json::object contracts;
    for (const auto& [name, address] : deployment.contracts) contracts[name] = text(address);
    json::array tokens;
    for (const auto& token : deployment.tokens) {
        tokens.push_back(json::object{{"symbol", token.symbol},
                                      {"name", token.name},
                                      {"version", token.version},
                                      {"address", text(token.address)},
                                      {"decimals", token.decimals},
                                      {"eip3009", token.eip3009},
                                      {"permit", token.permit}});
    }
    return {
        {"chainId", deployment.chain_id},
        {"name", deployment.name},
        {"rpcUrl", site.url() + "/rpc/" + std::to_string(deployment.chain_id)},
        {"nativeCurrency", json::object{{"name", "Ether"}, {"symbol", "ETH"}, {"decimals", 18}}},
        {"explorer",
         deployment.explorer.empty() ? json::value() : json::value(deployment.explorer)},
        {"genesisHash", to_hex(deployment.genesis)},
        {"block", deployment.block},
        {"contracts", std::move(contracts)},
        {"tokens", std::move(tokens)},
        {"faucet", deployment.contracts.contains("TestUSD")},
        {"relay", true}};
}

}  // namespace

ChainRoutes::ChainRoutes(const chain::Deployment& deployment, chain::Rpc& rpc,
                         chain::Sender& sender, std::function<void()> kick)
    : deployment_(deployment), rpc_(rpc), sender_(sender), kick_(std::move(kick)) {}

void ChainRoutes::add_to(Router& router) {
    const auto document = std::make_shared<const std::string>(
        json::serialize(deployment_json(deployment_, router.site())));
    router.add("GET", "/api/deployment", [document](Request&) -> Task<Answer> {
        io::Response response;
        response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}};
        response.body = document;
        co_return response;
    });
    router.add("POST", "/api/faucet", [this](Request& request) { return faucet(request); });
}

Task<Answer> ChainRoutes::faucet(Request& request) {
    const auto token = deployment_.contracts.find("TestUSD");
    if (token == deployment_.contracts.end()) co_return refuse(GatewayError::no_faucet);
    const auto fields = Fields::parse(request.body);
    if (!fields) co_return tl::unexpected(fields.error());
    const auto to = fields->address("address");
    if (!to) co_return tl::unexpected(to.error());

    // The contract gives once a day; that time names the wish, so that asking twice pays once.
    std::vector<eth::abi::Value> whose;
    whose.emplace_back(*to);
    const auto at = co_await chain::must_read(rpc_, token->second, kFaucetAt, whose);
    chain::Job job;
    job.id = "faucet:" + eth::to_lower_hex(*to) + ":" + to_decimal(at.front().as_number());
    job.to = token->second;
    job.data = kFaucet.encode(whose);
    const auto receipt = co_await sender_.send(std::move(job), kDeadline);
    if (!receipt) {
        const bool too_soon = receipt.error().name == "FaucetUsed";
        co_return refuse(too_soon ? GatewayError::faucet_limit : GatewayError::transaction_failed,
                         too_soon ? std::string{} : receipt.error().message);
    }
    kick_();
    const auto amount = co_await chain::must_read(rpc_, token->second, kFaucetAmount,
                                                  std::vector<eth::abi::Value>());
    co_return io::json_response(
        200, json::serialize(json::object{{"transaction", to_hex(receipt->transaction)},
                                          {"amount", text(amount.front().as_amount())},
                                          {"token", text(token->second)}}));
}

}  // namespace stoa::gateway
