#include "stoa/ledger/channel_reader.hpp"

#include <algorithm>
#include <map>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::ledger {
namespace {

namespace abi = eth::abi;
using abi::Value;
using chain::json::value;

const abi::Function kChannels{"channels(bytes32) returns (uint128,uint128)"};
const abi::Function kPending{"pendingWithdrawals(bytes32) returns (uint128,uint40)"};
const abi::Function kNonce{"refundNonce(bytes32) returns (uint256)"};
const abi::Function kReceivers{"receivers(address,address) returns (uint128,uint128)"};
const abi::Function kBalanceOf{"balanceOf(address) returns (uint256)"};
const abi::Function kNonceUsed{"authorizationState(address,bytes32) returns (bool)"};

const abi::Event kDeposited{"Deposited(bytes32 indexed,address indexed,uint128,uint128)"};
const abi::Event kRefunded{"Refunded(bytes32 indexed,address indexed,uint128)"};
const abi::Event kWithdrawn{"WithdrawFinalized(bytes32 indexed,address indexed,uint128)"};

constexpr std::size_t kCallsPerChannel = 5;
constexpr std::size_t kCallsPerBatch = 2;
constexpr std::size_t kChannelsAtOnce = (chain::kMaxBatch - kCallsPerBatch) / kCallsPerChannel;

using Answer = chain::RpcResult<value>;

chain::RpcCall eth_call(const eth::Address& to, ByteVector data, std::string block) {
    chain::Call call;
    call.to = to;
    call.data = std::move(data);
    chain::json::array params;
    params.emplace_back(chain::write_call(call));
    params.emplace_back(std::move(block));
    return {"eth_call", std::move(params)};
}

chain::RpcCall block_call(std::string block) {
    chain::json::array params;
    params.emplace_back(std::move(block));
    params.emplace_back(false);
    return {"eth_getBlockByNumber", std::move(params)};
}

/// Empty where the contract doesn't stand yet, as at a `safe` block before it.
std::vector<Value> result_of(const abi::Function& function, const Answer& answer) {
    if (!answer) throw chain::RpcFailure("eth_call: " + answer.error().message);
    const ByteVector data = chain::read_data(*answer);
    if (data.empty()) return {};
    auto values = function.decode_result(data);
    if (!values) throw chain::RpcFailure("eth_call: an answer of another type");
    return *std::move(values);
}

Amount amount_at(const std::vector<Value>& values, std::size_t index) {
    return index < values.size() ? values[index].as_amount() : Amount{};
}

ChannelLook look_of(const Answer& channel, const Answer& pending) {
    const auto money = result_of(kChannels, channel);
    const auto leaving = result_of(kPending, pending);
    return {amount_at(money, 0), amount_at(money, 1), amount_at(leaving, 0),
            leaving.empty() ? 0 : static_cast<std::int64_t>(leaving[1].as_u64())};
}

/// The events of these channels that change a balance.
chain::RpcCall logs_call(const eth::Address& contract, std::span<const ChannelId> ids,
                         std::uint64_t first, std::uint64_t last) {
    chain::json::array kinds;
    for (const auto* event : {&kDeposited, &kRefunded, &kWithdrawn}) {
        kinds.emplace_back(to_hex(event->topic()));
    }
    chain::json::array channels;
    for (const ChannelId& id : ids) channels.emplace_back(to_hex(id));
    chain::json::array topics;
    topics.emplace_back(std::move(kinds));
    topics.emplace_back(std::move(channels));
    chain::json::array params;
    params.push_back(chain::json::object{{"address", to_hex(contract.bytes)},
                                         {"fromBlock", chain::to_quantity(first)},
                                         {"toBlock", chain::to_quantity(last)},
                                         {"topics", std::move(topics)}});
    return {"eth_getLogs", std::move(params)};
}

using MovesOf = std::map<ChannelId, ChannelMoves>;

void add(MovesOf& all, const chain::Log& log) {
    for (const auto& [event, sum] : {std::pair{&kDeposited, &ChannelMoves::deposited},
                                     std::pair{&kRefunded, &ChannelMoves::refunded},
                                     std::pair{&kWithdrawn, &ChannelMoves::withdrawn}}) {
        if (log.topics.empty() || log.topics[0] != event->topic()) continue;
        const auto values = event->decode(log.topics, log.data);
        if (!values) throw chain::RpcFailure("eth_getLogs: an event of another type");
        all[log.topics.at(1)].*sum += (*values)[2].as_amount();
    }
}

/// Nothing where the endpoint has no logs of so many blocks.
std::optional<MovesOf> moves_of(const Answer& answer, const eth::Address& contract,
                                std::uint64_t first, std::uint64_t last) {
    if (!answer) return std::nullopt;
    if (!answer->is_array()) throw chain::RpcFailure("eth_getLogs: no list");
    MovesOf all;
    for (const value& entry : answer->get_array()) {
        const chain::Log log = chain::read_log(entry);
        const bool asked =
            log.address == contract && log.block.number >= first && log.block.number <= last;
        if (!asked) throw chain::RpcFailure("eth_getLogs: a log that was not asked for");
        add(all, log);
    }
    return all;
}

}  // namespace

Amount firm_balance(const ChannelLook& safe, const ChannelLook& now, const ChannelMoves& since) {
    const auto left = [](const Amount& whole, const Amount& used) {
        return whole > used ? whole - used : Amount{};
    };
    const bool still_pending = safe.withdraw_requested_at == now.withdraw_requested_at;
    const Amount unpaid =
        still_pending ? left(safe.withdrawing, now.withdrawing) : safe.withdrawing;
    const Amount gone = since.refunded + std::max(since.withdrawn, unpaid);
    return std::max(safe.claimed, left(safe.balance, gone));
}

Task<ChannelReader::Blocks> ChannelReader::blocks() {
    std::vector<chain::RpcCall> calls;
    calls.push_back(block_call("latest"));
    calls.push_back(block_call("safe"));
    const auto answers = co_await rpc_.batch(std::move(calls));
    const Answer& latest = answers.at(0);
    if (!latest || latest->is_null()) throw chain::RpcFailure("the chain has no latest block");
    Blocks blocks;
    blocks.now = chain::read_header(*latest).id;
    if (const Answer& safe = answers.at(1); safe && !safe->is_null()) {
        blocks.safe = std::min(chain::read_header(*safe).id.number, blocks.now.number);
    }
    co_return blocks;
}

Task<std::vector<ChainState>> ChannelReader::states(std::vector<ChannelId> ids) {
    const Blocks at = co_await blocks();
    co_return co_await states(std::move(ids), at);
}

Task<std::vector<ChainState>> ChannelReader::states(std::vector<ChannelId> ids, Blocks at) {
    std::vector<ChainState> all;
    all.reserve(ids.size());
    for (std::size_t first = 0; first < ids.size(); first += kChannelsAtOnce) {
        const std::size_t count = std::min(kChannelsAtOnce, ids.size() - first);
        auto some = co_await some_states(std::span{ids}.subspan(first, count), at);
        std::ranges::move(some, std::back_inserter(all));
    }
    co_return all;
}

Task<ChainState> ChannelReader::state(ChannelId id) {
    std::vector<ChannelId> one(1, id);
    auto states_of_one = co_await states(std::move(one));
    co_return std::move(states_of_one.front());
}

/// One batch of one endpoint. It ends with the block's hash: a fork meanwhile mixes two branches.
Task<std::vector<ChainState>> ChannelReader::some_states(std::span<const ChannelId> ids,
                                                         Blocks at) {
    const std::string now = chain::to_quantity(at.now.number);
    const std::uint64_t safe_number = at.safe.value_or(0);
    const std::string safe = chain::to_quantity(safe_number);
    std::vector<chain::RpcCall> calls;
    for (const ChannelId& id : ids) {
        const std::vector<Value> key(1, Value{id});
        calls.push_back(eth_call(contract_, kChannels.encode(key), now));
        calls.push_back(eth_call(contract_, kPending.encode(key), now));
        calls.push_back(eth_call(contract_, kNonce.encode(key), now));
        calls.push_back(eth_call(contract_, kChannels.encode(key), safe));
        calls.push_back(eth_call(contract_, kPending.encode(key), safe));
    }
    const bool has_newer = at.safe && safe_number < at.now.number;
    if (has_newer) calls.push_back(logs_call(contract_, ids, safe_number + 1, at.now.number));
    calls.push_back(block_call(now));
    const auto answers = co_await rpc_.batch(std::move(calls));
    const Answer& again = answers.back();
    if (!again || again->is_null() || chain::read_header(*again).id.hash != at.now.hash) {
        throw chain::RpcFailure("the chain forked while it was read");
    }
    std::optional<MovesOf> moves;
    if (at.safe) moves.emplace();
    if (has_newer) {
        moves = moves_of(answers.at(ids.size() * kCallsPerChannel), contract_, safe_number + 1,
                         at.now.number);
    }
    std::vector<ChainState> found;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Answer* answer = &answers.at(i * kCallsPerChannel);
        const ChannelLook is = look_of(answer[0], answer[1]);
        const ChannelLook was = look_of(answer[3], answer[4]);
        Amount firm = at.safe ? was.claimed : Amount{};
        if (moves) {
            const ChannelMoves since = (*moves)[ids[i]];
            if (was.balance + since.deposited != is.balance + since.refunded + since.withdrawn) {
                throw ChannelDoubt(
                    ids[i], "a channel's events don't add up to its balance: " + to_hex(ids[i]) +
                                " held " + to_decimal(was.balance) + " at block " +
                                std::to_string(safe_number) + " and " + to_decimal(is.balance) +
                                " at " + std::to_string(at.now.number));
            }
            firm = firm_balance(was, is, since);
        }
        found.push_back({.balance = is.balance,
                         .safe_balance = firm,
                         .claimed = is.claimed,
                         .withdrawing = is.withdrawing,
                         .withdraw_requested_at = is.withdraw_requested_at,
                         .refund_nonce = amount_at(result_of(kNonce, answer[2]), 0).units,
                         .block = at.now.number});
    }
    co_return found;
}

Task<ChannelReader::Receiver> ChannelReader::receiver(eth::Address receiver, eth::Address token,
                                                      std::optional<std::uint64_t> block) {
    std::string at = block ? chain::to_quantity(*block) : "latest";
    std::vector<chain::RpcCall> calls;
    calls.push_back(eth_call(contract_, kReceivers.encode({receiver, token}), std::move(at)));
    const auto answers = co_await rpc_.batch(std::move(calls));
    const auto values = result_of(kReceivers, answers.at(0));
    co_return Receiver{amount_at(values, 0), amount_at(values, 1)};
}

Task<Amount> ChannelReader::token_balance(eth::Address token, eth::Address owner) {
    std::vector<chain::RpcCall> calls;
    calls.push_back(eth_call(token, kBalanceOf.encode({owner}), "latest"));
    const auto answers = co_await rpc_.batch(std::move(calls));
    co_return amount_at(result_of(kBalanceOf, answers.at(0)), 0);
}

Task<bool> ChannelReader::is_nonce_used(eth::Address token, eth::Address authorizer,
                                        Hash256 nonce) {
    std::vector<chain::RpcCall> calls;
    calls.push_back(eth_call(token, kNonceUsed.encode({authorizer, nonce}), "latest"));
    const auto answers = co_await rpc_.batch(std::move(calls));
    const auto values = result_of(kNonceUsed, answers.at(0));
    co_return !values.empty() && values[0].as_bool();
}

}  // namespace stoa::ledger
