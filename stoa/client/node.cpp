#include "stoa/client/node.hpp"

#include <algorithm>

#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxJsonDepth = 64;

std::string text_in(const json::object& object, const char* key) {
    const json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

Deployment deployment_of(const json::value& answer) {
    bool failed = false;
    const payment::JsonReader reader{&answer, failed};
    Deployment out;
    out.chain_id = reader.number("chainId");
    out.name = reader.text_or_empty("name");
    out.genesis_hash = reader.text("genesisHash");
    const json::value* contracts = reader.find("contracts");
    const json::value* tokens = reader.find("tokens");
    if (!contracts || !contracts->is_object() || !tokens || !tokens->is_array()) failed = true;
    if (!failed) {
        out.contracts = contracts->get_object();
        for (const json::value& entry : tokens->get_array()) {
            const payment::JsonReader token{&entry, failed};
            out.tokens.push_back({token.address("address"), std::string{token.text("symbol")},
                                  std::string{token.text("name")},
                                  std::string{token.text("version")},
                                  static_cast<unsigned>(token.number("decimals")),
                                  token.has("eip3009") && token.boolean("eip3009")});
        }
        out.faucet = reader.has("faucet") && reader.boolean("faucet");
        out.relay = reader.has("relay") && reader.boolean("relay");
    }
    if (failed) {
        throw Failure("bad_answer", "The node's description of its chain can't be read.",
                      "Is it a Stoa node? Check --node, or update this program.");
    }
    return out;
}

}  // namespace

eth::Address Deployment::contract(std::string_view wanted) const {
    const json::value* text = contracts.if_contains(wanted);
    const auto address = text && text->is_string() ? eth::parse_address_any_case(text->get_string())
                                                   : fail(eth::EncodingError::bad_address);
    if (!address) {
        throw Failure("no_contract", "The node names no contract " + std::string{wanted} + '.',
                      "Use a node whose chain has the marketplace.");
    }
    return *address;
}

const TokenInfo& Deployment::token(std::string_view wanted) const {
    const auto address = eth::parse_address_any_case(wanted);
    const auto found = std::ranges::find_if(tokens, [&](const TokenInfo& token) {
        return wanted.empty() || token.symbol == wanted || (address && token.address == *address);
    });
    if (found == tokens.end()) {
        std::string known;
        for (const TokenInfo& token : tokens) known += (known.empty() ? "" : ", ") + token.symbol;
        throw Failure("unknown_token", "The node's chain has no token " + std::string{wanted} + '.',
                      "Name one of: " + known + '.');
    }
    return *found;
}

const TokenInfo& Deployment::token(const eth::Address& address) const {
    return token(std::string_view{to_checksum(address)});
}

Failure failure_of(unsigned status, std::string_view body) {
    json::error_code error;
    const json::value parsed = json::parse(body, error);
    if (!error && parsed.is_object()) {
        const json::object* problem = &parsed.get_object();
        if (const auto* inner = problem->if_contains("error"); inner && inner->is_object()) {
            problem = &inner->get_object();
        }
        std::string what = text_in(*problem, "detail");
        if (what.empty()) what = text_in(*problem, "message");
        if (what.empty()) what = text_in(*problem, "title");
        std::string code = text_in(*problem, "code");
        if (!what.empty()) {
            return {code.empty() ? "refused" : code, what, text_in(*problem, "fix")};
        }
    }
    return {"refused", "The node answered with status " + std::to_string(status) + '.',
            "Look into the node's log, or try `stoa doctor`."};
}

Failure unreachable(const io::HttpFailure& failure, const std::string& url) {
    return {"unreachable", "No answer from " + url + ": " + failure.what() + '.',
            "Start a node with `./dev up`, or name another with --node URL."};
}

json::value parse_answer(std::string_view body) {
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::error_code error;
    json::value value = json::parse(body, error, {}, options);
    if (error) {
        throw Failure("bad_answer", "The node's answer isn't JSON.",
                      "Is it a Stoa node? Check --node.");
    }
    return value;
}

Task<io::ClientResponse> Node::send(io::ClientRequest request) {
    request.url = url_ + request.url;
    try {
        co_return co_await http_.send(std::move(request));
    } catch (const io::HttpFailure& failure) {
        throw unreachable(failure, url_);
    }
}

Task<std::string> Node::get_text(std::string target) {
    io::ClientRequest request;
    request.url = std::move(target);
    auto response = co_await send(std::move(request));
    if (response.status / 100 != 2) throw failure_of(response.status, response.body);
    co_return std::move(response.body);
}

Task<json::value> Node::get(std::string target) {
    co_return parse_answer(co_await get_text(std::move(target)));
}

Task<json::value> Node::post(std::string target, json::value body) {
    io::ClientRequest request;
    request.method = io::Method::post;
    request.url = std::move(target);
    request.headers.set("Content-Type", "application/json");
    request.body = json::serialize(body);
    request.deadline = std::chrono::seconds(120);
    const auto response = co_await send(std::move(request));
    if (response.status / 100 != 2) throw failure_of(response.status, response.body);
    co_return parse_answer(response.body);
}

Task<void> Node::put(std::string target, std::string body, std::string content_type) {
    io::ClientRequest request;
    request.method = io::Method::put;
    request.url = std::move(target);
    request.headers.set("Content-Type", std::move(content_type));
    request.body = std::move(body);
    const auto response = co_await send(std::move(request));
    if (response.status / 100 != 2) throw failure_of(response.status, response.body);
}

Task<const Deployment*> Node::deployment() {
    if (!deployment_) deployment_ = deployment_of(co_await get("/api/deployment"));
    co_return &*deployment_;
}

}  // namespace stoa::client
