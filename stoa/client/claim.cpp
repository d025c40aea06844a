#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

using eth::abi::Value;

/// Of one transaction.
constexpr std::size_t kMaxCalls = 100;

/// The data folder is the node's own, or one inside it.
fs::path find_socket(const Context& context, const ClaimOptions& options) {
    if (!options.socket.empty()) return options.socket;
    const fs::path data = fs::absolute(context.data).lexically_normal();
    for (const fs::path& folder : {data, data.parent_path(), fs::current_path() / "data"}) {
        const fs::path socket = folder / "run" / "admin.sock";
        if (fs::exists(socket)) return socket;
    }
    throw Failure("no_admin_socket", "There is no node's admin socket in " + data.string() + '.',
                  "Run it on the node's machine, with --data of the node or --socket PATH.");
}

Value call_value(const eth::Address& target, ByteVector data) {
    std::vector<Value> call;
    call.emplace_back(target);
    call.emplace_back(false);
    call.emplace_back(std::move(data));
    return Value{std::move(call)};
}

eth::Address address_in(const json::value& object, const char* key) {
    return value_or_failure(eth::parse_address_any_case(object.at(key).as_string()),
                            "The node's answer", "Try `stoa doctor`.");
}

/// What settles and draws all that the node's answer lists, made here: nothing else is signed.
ByteVector release_call(const json::value& royalties, const eth::Address& channels,
                        const eth::Address& token) {
    std::vector<Value> calls;
    for (const json::value& settle : royalties.at("settles").as_array()) {
        std::vector<Value> arguments;
        arguments.emplace_back(address_in(settle, "receiver"));
        arguments.emplace_back(token);
        calls.push_back(call_value(channels, channels::kSettle.encode(arguments)));
    }
    for (const json::value& pull : royalties.at("pulls").as_array()) {
        if (calls.size() >= kMaxCalls) break;
        if (pull.as_object().contains("refused")) continue;
        std::vector<Value> arguments;
        arguments.emplace_back(token);
        arguments.emplace_back(address_in(pull, "account"));
        calls.push_back(call_value(address_in(pull, "split"), splits::kClaim.encode(arguments)));
    }
    std::vector<Value> all;
    all.emplace_back(std::move(calls));
    return multicall::kAggregate.encode(all);
}

/// Pays everybody who shares in a model.
Task<void> release(Context& context, const ClaimOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{options.token});
    const json::value royalties =
        co_await context.node.get("/api/models/" + io::percent_encode(options.model) +
                                  "/royalties?token=" + eth::to_checksum(token.address));
    const Amount waits = parse_amount(royalties.at("pullable").as_string()).value_or(Amount{});
    if (waits == Amount{}) {
        json::object nothing{{"amount", "0"}, {"transaction", nullptr}};
        context.out.result(nothing, "Nothing waits: everybody is paid.");
        co_return;
    }
    json::object done;
    if (options.own_gas) {
        const auto signer = context.signer(options.key);
        Chain chain{context.node, deployment.chain_id};
        const Sent sent = co_await chain.transact(
            *signer, deployment.contract("Multicall3"),
            release_call(royalties, deployment.contract("Channels"), token.address));
        done = {{"amount", to_decimal(waits)}, {"transaction", to_hex(sent.transaction)}};
    } else {
        json::object body{{"kind", "release"},
                          {"model", royalties.at("model")},
                          {"token", eth::to_checksum(token.address)}};
        const json::value answer = co_await context.node.post("/api/relay", std::move(body));
        done = {{"amount", answer.at("amount")}, {"transaction", answer.at("transaction")}};
    }
    const auto paid = parse_amount(done.at("amount").as_string()).value_or(Amount{});
    context.out.result(done, format_units(paid, token.decimals) + ' ' + token.symbol +
                                 " paid out to those who share in the model");
}

}  // namespace

Task<void> claim(Context& context, const ClaimOptions& options) {
    if (!options.model.empty()) {
        co_await release(context, options);
        co_return;
    }
    const fs::path socket = find_socket(context, options);
    io::ClientRequest request;
    request.method = io::Method::post;
    request.url = io::unix_url(socket, "/claim");
    request.deadline = std::chrono::seconds(120);
    io::ClientResponse response;
    try {
        response = co_await context.node.http().send(std::move(request));
    } catch (const io::HttpFailure& failure) {
        throw Failure("unreachable",
                      "No answer at " + socket.string() + ": " + failure.what() + '.',
                      "Is the node running, and are you its user?");
    }
    if (response.status / 100 != 2) throw failure_of(response.status, response.body);
    const json::value answer = parse_answer(response.body);
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{});
    const auto text_of = [&](const char* key) {
        const auto amount = parse_amount(answer.at(key).as_string()).value_or(Amount{});
        return format_units(amount, token.decimals);
    };
    context.out.result(answer, text_of("claimed") + " claimed and " + text_of("settled") +
                                   " paid out, in " + token.symbol + " units");
}

}  // namespace stoa::client
