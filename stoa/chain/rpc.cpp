#include "stoa/chain/rpc.hpp"

#include "stoa/base/assert.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain {
namespace {

template <class... Values>
json::array parameters(Values&&... values) {
    json::array list;
    (list.emplace_back(std::forward<Values>(values)), ...);
    return list;
}

std::optional<Header> header_or_none(const json::value& block) {
    if (block.is_null()) return std::nullopt;
    return read_header(block);
}

}  // namespace

Task<RpcResult<json::value>> Rpc::call(std::string method, json::array params) {
    std::vector<RpcCall> calls;
    calls.push_back({std::move(method), std::move(params)});
    auto answers = co_await batch(std::move(calls));
    STOA_ASSERT(answers.size() == 1);
    co_return std::move(answers.front());
}

Task<json::value> Rpc::get(std::string method, json::array params) {
    const std::string name = method;
    auto answer = co_await call(std::move(method), std::move(params));
    if (!answer) throw RpcFailure(name + ": " + answer.error().message);
    co_return std::move(*answer);
}

Task<std::uint64_t> chain_id(Rpc& rpc) {
    co_return read_number(co_await rpc.get("eth_chainId"));
}

Task<std::optional<Header>> header(Rpc& rpc, Tag tag) {
    co_return header_or_none(
        co_await rpc.get("eth_getBlockByNumber", parameters(to_text(tag), false)));
}

Task<std::optional<Header>> header(Rpc& rpc, std::uint64_t number) {
    co_return header_or_none(
        co_await rpc.get("eth_getBlockByNumber", parameters(to_quantity(number), false)));
}

Task<RpcResult<ByteVector>> call(Rpc& rpc, Call call, Tag tag) {
    auto answer = co_await rpc.call("eth_call", parameters(write_call(call), to_text(tag)));
    if (!answer) co_return tl::unexpected(std::move(answer.error()));
    co_return read_data(*answer);
}

Task<RpcResult<std::uint64_t>> estimate_gas(Rpc& rpc, Call call, Tag tag) {
    auto answer = co_await rpc.call("eth_estimateGas", parameters(write_call(call), to_text(tag)));
    if (!answer) co_return tl::unexpected(std::move(answer.error()));
    co_return read_number(*answer);
}

Task<std::optional<Receipt>> receipt(Rpc& rpc, Hash256 transaction) {
    const auto answer =
        co_await rpc.get("eth_getTransactionReceipt", parameters(to_hex(transaction)));
    if (answer.is_null()) co_return std::nullopt;
    co_return read_receipt(answer);
}

Task<std::uint64_t> nonce(Rpc& rpc, eth::Address account, Tag tag) {
    co_return read_number(co_await rpc.get("eth_getTransactionCount",
                                           parameters(eth::to_lower_hex(account), to_text(tag))));
}

Task<U256> native_balance(Rpc& rpc, eth::Address account, Tag tag) {
    co_return read_u256(
        co_await rpc.get("eth_getBalance", parameters(eth::to_lower_hex(account), to_text(tag))));
}

Task<ByteVector> code(Rpc& rpc, eth::Address account, Tag tag) {
    co_return read_data(
        co_await rpc.get("eth_getCode", parameters(eth::to_lower_hex(account), to_text(tag))));
}

Task<void> verify(Rpc& rpc, const ChainPin& pin) {
    const auto id = co_await chain_id(rpc);
    if (id != pin.chain_id) {
        throw WrongChain("the RPC endpoint serves chain " + std::to_string(id) + ", not " +
                         std::to_string(pin.chain_id));
    }
    if (pin.genesis) {
        const auto genesis = co_await header(rpc, std::uint64_t{0});
        if (!genesis || genesis->id.hash != *pin.genesis) {
            throw WrongChain("chain " + std::to_string(id) + " begins with block " +
                             (genesis ? to_hex(genesis->id.hash) : "none") + ", not " +
                             to_hex(*pin.genesis) + ": another chain of the same id");
        }
    }
    for (const auto& [address, expected] : pin.code) {
        const auto bytes = co_await code(rpc, address);
        if (bytes.empty() || eth::keccak256(bytes) != expected) {
            throw WrongChain("the contract at " + eth::to_checksum(address) + " on chain " +
                             std::to_string(id) +
                             (bytes.empty() ? " has no code" : " has other code than deployed"));
        }
    }
}

}  // namespace stoa::chain
