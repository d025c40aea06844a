#include "stoa/gateway/rpc_routes.hpp"

#include <algorithm>
#include <array>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/fields.hpp"

namespace stoa::gateway {
namespace {

constexpr std::array<std::string_view, 25> kMethods{
    "eth_blockNumber",
    "eth_call",
    "eth_chainId",
    "eth_createAccessList",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_getBalance",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getBlockReceipts",
    "eth_getBlockTransactionCountByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getProof",
    "eth_getStorageAt",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas",
    "eth_sendRawTransaction",
    "eth_syncing",
    "net_version",
    "net_listening",
    "web3_clientVersion",
};

json::object error_of(json::value id, int code, std::string_view message) {
    return {{"jsonrpc", "2.0"},
            {"id", std::move(id)},
            {"error", json::object{{"code", code}, {"message", message}}}};
}

std::optional<std::uint64_t> block_number(const json::object& filter, std::string_view name) {
    const auto* value = filter.if_contains(name);
    if (!value || !value->is_string() || !value->as_string().starts_with("0x")) return std::nullopt;
    const std::string text(value->as_string());
    return std::strtoull(text.c_str() + 2, nullptr, 16);
}

/// What an endpoint would spend too long on.
std::optional<std::string_view> too_much(std::string_view method, const json::array& params) {
    if (method != "eth_getLogs" || params.empty() || !params[0].is_object()) return std::nullopt;
    const auto first = block_number(params[0].as_object(), "fromBlock");
    const auto last = block_number(params[0].as_object(), "toBlock");
    if (first && last && *last >= *first && *last - *first > RpcRoutes::kMaxLogBlocks) {
        return "At most 10,000 blocks at once: ask for a shorter range.";
    }
    return std::nullopt;
}

/// The call, or what its caller is told.
tl::expected<chain::RpcCall, json::object> checked(const json::value& value) {
    const auto* object = value.if_object();
    const auto* method = object ? object->if_contains("method") : nullptr;
    if (!method || !method->is_string()) {
        return tl::unexpected(error_of(nullptr, -32600, "Not a JSON-RPC request."));
    }
    const json::value id = object->contains("id") ? object->at("id") : json::value(nullptr);
    const std::string_view name = method->as_string();
    if (std::ranges::find(kMethods, name) == kMethods.end()) {
        return tl::unexpected(
            error_of(id, -32601, "This node does not offer " + std::string(name) + "."));
    }
    chain::RpcCall call{std::string(name), {}};
    if (const auto* params = object->if_contains("params")) {
        if (!params->is_array()) {
            return tl::unexpected(error_of(id, -32602, "params must be an array."));
        }
        call.params = params->as_array();
    }
    if (const auto why = too_much(name, call.params)) {
        return tl::unexpected(error_of(id, -32005, *why));
    }
    return call;
}

json::object answer_of(const json::value& request, const chain::RpcResult<json::value>& result) {
    const auto* id = request.as_object().if_contains("id");
    const json::value name = id ? *id : json::value(nullptr);
    if (result) return {{"jsonrpc", "2.0"}, {"id", name}, {"result", *result}};
    json::object answer = error_of(name, result.error().code, result.error().message);
    if (!result.error().data.empty()) {
        answer["error"].as_object()["data"] = to_hex(result.error().data);
    }
    return answer;
}

}  // namespace

void RpcRoutes::add_to(Router& router) {
    router.add("POST", "/rpc/{chain}", {.max_body_bytes = kMaxBodyBytes, .any_origin = true},
               [this](Request& request) { return handle(request); });
}

Task<std::vector<json::object>> RpcRoutes::answer(std::vector<json::value> requests) {
    std::vector<json::object> answers(requests.size());
    std::vector<chain::RpcCall> calls;
    std::vector<std::size_t> places;
    bool sends = false;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        auto call = checked(requests[i]);
        if (!call) {
            answers[i] = call.error();
            continue;
        }
        sends = sends || call->method == "eth_sendRawTransaction";
        calls.push_back(*std::move(call));
        places.push_back(i);
    }
    if (!calls.empty()) {
        const auto results = co_await rpc_.batch(std::move(calls));
        for (std::size_t i = 0; i < places.size(); ++i) {
            answers[places[i]] = answer_of(requests[places[i]], results[i]);
        }
    }
    if (sends) kick_();
    co_return answers;
}

Task<Answer> RpcRoutes::handle(Request& request) {
    if (request.param("chain") != std::to_string(chain_id_)) {
        co_return refuse(GatewayError::unknown_chain,
                         "This node is on chain " + std::to_string(chain_id_) + ".");
    }
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::value body = json::parse(request.body, failed, {}, options);
    if (failed) co_return refuse(GatewayError::malformed_json);
    std::string text;
    if (auto* batch = body.if_array()) {
        if (batch->empty() || batch->size() > kMaxBatch) {
            co_return refuse(GatewayError::invalid_field, "A batch has 1 to 50 calls.");
        }
        const auto answers = co_await answer({batch->begin(), batch->end()});
        text = json::serialize(json::array(answers.begin(), answers.end()));
    } else {
        std::vector<json::value> one;
        one.push_back(std::move(body));
        text = json::serialize((co_await answer(std::move(one))).front());
    }
    auto response = io::json_response(200, std::move(text));
    response.headers.set("Access-Control-Allow-Origin", "*");
    co_return response;
}

}  // namespace stoa::gateway
