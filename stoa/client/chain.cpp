#include "stoa/client/chain.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/io/deadline.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kPollReceipt{200};
constexpr int kMaxPolls = 600;
constexpr std::size_t kMaxResultBytes = 1 << 20;

U256 number_of(const json::value& text) {
    if (text.is_string() && text.get_string().starts_with("0x")) {
        std::string digits{text.get_string().subview(2)};
        if (digits.size() % 2) digits.insert(0, 1, '0');
        if (const auto bytes = parse_hex("0x" + digits, 32)) return from_big_endian(*bytes);
    }
    throw Failure("bad_answer", "The chain's answer isn't a number.", "Try `stoa doctor`.");
}

ByteVector bytes_of(const json::value& text) {
    const auto bytes = text.is_string() ? parse_hex(text.get_string(), kMaxResultBytes)
                                        : fail(FormatError::bad_hex);
    if (!bytes)
        throw Failure("bad_answer", "The chain's answer isn't bytes.", "Try `stoa doctor`.");
    return *bytes;
}

/// What a JSON-RPC error says, with the contract's own reason where the data has one.
Failure rpc_failure(const std::string& method, const json::value& error) {
    std::string what = "no reason was given";
    if (error.is_object()) {
        const auto& object = error.get_object();
        if (const auto* text = object.if_contains("message"); text && text->is_string()) {
            what = std::string{text->get_string()};
        }
        if (const auto* data = object.if_contains("data"); data && data->is_string()) {
            if (const auto bytes = parse_hex(data->get_string(), kMaxResultBytes)) {
                if (const auto reason = reason_of_revert(*bytes)) what = "reverted: " + *reason;
            }
        }
    }
    const bool poor = what.find("nsufficient funds") != what.npos;
    return {"chain_refused", "The chain refused " + method + ": " + what + '.',
            poor ? "This account has too little of the chain's coin to pay for gas."
                 : "Nothing was sent. Check the command's values and the key's rights."};
}

}  // namespace

Task<json::value> Chain::rpc(std::string method, json::array parameters) {
    json::object request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
    request["params"] = std::move(parameters);
    const json::value answer =
        co_await node_.post("/rpc/" + std::to_string(chain_id_), std::move(request));
    if (!answer.is_object()) throw rpc_failure(method, nullptr);
    if (const auto* error = answer.get_object().if_contains("error")) {
        throw rpc_failure(method, *error);
    }
    const auto* result = answer.get_object().if_contains("result");
    if (!result) throw rpc_failure(method, nullptr);
    co_return *result;
}

Task<U256> Chain::number(std::string method, json::array parameters) {
    co_return number_of(co_await rpc(std::move(method), std::move(parameters)));
}

Task<U256> Chain::native_balance(const eth::Address& account) {
    json::array parameters{to_checksum(account), "latest"};
    co_return co_await number("eth_getBalance", std::move(parameters));
}

Task<std::vector<eth::abi::Value>> Chain::read(const eth::Address& contract,
                                               const eth::abi::Function& function,
                                               std::vector<eth::abi::Value> arguments) {
    json::object call{{"to", to_checksum(contract)}, {"data", to_hex(function.encode(arguments))}};
    json::array parameters{std::move(call), "latest"};
    const auto bytes = bytes_of(co_await rpc("eth_call", std::move(parameters)));
    auto values = function.decode_result(bytes);
    if (!values) {
        throw Failure(values.error(), "The contract at " + to_checksum(contract),
                      "Is the node's deployment that of its chain? Try `stoa doctor`.");
    }
    co_return *std::move(values);
}

Task<Sent> Chain::transact(const keys::Signer& signer, const eth::Address& contract,
                           ByteVector call_data) {
    const std::string from = to_checksum(signer.address());
    json::object call{{"from", from}, {"to", to_checksum(contract)}, {"data", to_hex(call_data)}};
    json::array estimate{std::move(call)};
    const U256 gas = co_await number("eth_estimateGas", std::move(estimate));
    json::array account{from, "pending"};
    const U256 nonce = co_await number("eth_getTransactionCount", std::move(account));
    const U256 gas_price = co_await number("eth_gasPrice", {});

    eth::Transaction transaction;
    transaction.chain_id = chain_id_;
    transaction.nonce = static_cast<std::uint64_t>(nonce);
    // Twice the present price: what isn't needed isn't paid.
    transaction.max_fee = gas_price * 2;
    transaction.max_priority_fee = std::min<U256>(gas_price, 1'000'000'000);
    transaction.gas_limit = static_cast<std::uint64_t>(U256{gas * 6 / 5});
    transaction.to = contract;
    transaction.data = std::move(call_data);
    const ByteVector raw = signer.sign_transaction(transaction);
    json::array parameters{to_hex(raw)};
    co_await rpc("eth_sendRawTransaction", std::move(parameters));
    co_return co_await await_receipt(eth::keccak256(raw));
}

Task<Sent> Chain::await_receipt(const Hash256& hash) {
    for (int poll = 0; poll < kMaxPolls; ++poll) {
        json::array parameters{to_hex(hash)};
        const json::value receipt =
            co_await rpc("eth_getTransactionReceipt", std::move(parameters));
        if (!receipt.is_object()) {
            co_await io::sleep_for(kPollReceipt);
            continue;
        }
        const auto& object = receipt.get_object();
        if (number_of(object.at("status")) != 1) {
            throw Failure("reverted", "The transaction " + to_hex(hash) + " was reverted.",
                          "Something changed between its check and its block; try again.");
        }
        co_return Sent{hash, static_cast<std::uint64_t>(number_of(object.at("blockNumber"))),
                       object.at("logs").as_array()};
    }
    throw Failure("not_mined", "The transaction " + to_hex(hash) + " is not in a block yet.",
                  "It was sent and may still come. Look it up before you try again.");
}

std::vector<eth::abi::Value> find_event(const Sent& sent, const eth::Address& contract,
                                        const eth::abi::Event& event) {
    for (const json::value& log : sent.logs) {
        const auto address = eth::parse_address_any_case(log.at("address").as_string());
        if (!address || *address != contract) continue;
        std::vector<Hash256> topics;
        for (const json::value& topic : log.at("topics").as_array()) {
            topics.push_back(parse_hash(topic.as_string()).value_or(Hash256{}));
        }
        if (auto values = event.decode(topics, bytes_of(log.at("data")))) return *std::move(values);
    }
    throw Failure("bad_answer",
                  "The transaction " + to_hex(sent.transaction) + " doesn't say what it did.",
                  "Is the node's deployment that of its chain? Try `stoa doctor`.");
}

}  // namespace stoa::client
