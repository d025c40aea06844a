#include "stoa/ledger/channels.hpp"

#include <algorithm>

#include "stoa/chain/codec.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::ledger {
namespace {

namespace abi = eth::abi;
using abi::Value;

#define CONFIG                                                                                    \
    "(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address " \
    "token,uint40 withdrawDelay,bytes32 salt)"

const abi::Function kDeposit{"deposit(" CONFIG
                             " config,uint128 amount,address collector,bytes data)"};
const abi::Function kClaim{"claimWithSignature(((" CONFIG
                           " channel,uint128 maxClaimableAmount) voucher,bytes signature,uint128 "
                           "totalClaimed)[] claims,bytes signature)"};
const abi::Function kSettle{"settle(address receiver,address token)"};
const abi::Function kRefund{"refundWithSignature(" CONFIG
                            " config,uint128 amount,uint256 nonce,bytes signature)"};
const abi::Function kMulticall{"multicall(bytes[] calls)"};
const abi::Function kChannels{"channels(bytes32) returns (uint128,uint128)"};
const abi::Function kPending{"pendingWithdrawals(bytes32) returns (uint128,uint40)"};
const abi::Function kNonce{"refundNonce(bytes32) returns (uint256)"};
const abi::Function kReceivers{"receivers(address,address) returns (uint128,uint128)"};
const abi::Function kBalanceOf{"balanceOf(address) returns (uint256)"};
const abi::Function kNonceUsed{"authorizationState(address,bytes32) returns (bool)"};

#undef CONFIG

const abi::Event kSettled{"Settled(address indexed,address indexed,address indexed,uint128)"};

constexpr std::size_t kCallsPerChannel = 4;
constexpr std::size_t kChannelsAtOnce = chain::kMaxBatch / kCallsPerChannel;

Value config_value(const payment::ChannelConfig& c) {
    return std::vector<Value>{c.payer, c.payer_authorizer,       c.receiver, c.receiver_authorizer,
                              c.token, c.withdraw_delay_seconds, c.salt};
}

Value signature_value(const eth::Signature& signature) {
    return ByteVector(signature.bytes.begin(), signature.bytes.end());
}

chain::RpcCall eth_call(const eth::Address& to, ByteVector data, std::string block) {
    chain::Call call;
    call.to = to;
    call.data = std::move(data);
    chain::json::array params;
    params.emplace_back(chain::write_call(call));
    params.emplace_back(std::move(block));
    return {"eth_call", std::move(params)};
}

/// Empty where the contract doesn't stand yet, as at a `safe` block before it.
std::vector<Value> result_of(const abi::Function& function,
                             const chain::RpcResult<chain::json::value>& answer) {
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

}  // namespace

ByteVector deposit_call(const payment::ChannelConfig& config, const SignedDeposit& deposit) {
    static const abi::Type data =
        abi::parse_type("(uint256 validAfter,uint256 validBefore,uint256 salt,bytes signature)")
            .value();
    return kDeposit.encode({config_value(config), deposit.amount, payment::kErc3009Collector,
                            abi::encode(data, {deposit.valid_after, deposit.valid_before,
                                               deposit.salt, deposit.signature})});
}

ByteVector claim_call(const std::vector<Claim>& claims, const eth::Signature& authorized) {
    std::vector<Value> rows;
    for (const Claim& claim : claims) {
        rows.push_back(std::vector<Value>{
            std::vector<Value>{config_value(claim.config), claim.voucher.max_claimable},
            signature_value(claim.signature), claim.total});
    }
    return kClaim.encode({std::move(rows), signature_value(authorized)});
}

ByteVector settle_call(const eth::Address& receiver, const eth::Address& token) {
    return kSettle.encode({receiver, token});
}

ByteVector refund_call(const payment::ChannelConfig& config, const Amount& amount,
                       const U256& nonce, const eth::Signature& authorized) {
    return kRefund.encode({config_value(config), amount, nonce, signature_value(authorized)});
}

ByteVector multicall(const std::vector<ByteVector>& calls) {
    // Braces would take the list of calls for the list of arguments.
    const std::vector<Value> list(calls.begin(), calls.end());
    return kMulticall.encode(std::vector<Value>(1, Value(list)));
}

std::vector<payment::ClaimEntry> entries_of(const std::vector<Claim>& claims) {
    std::vector<payment::ClaimEntry> entries;
    for (const Claim& claim : claims) {
        entries.push_back({claim.voucher.channel_id, claim.voucher.max_claimable, claim.total});
    }
    return entries;
}

std::optional<ChannelId> channel_of(const chain::Log& log) {
    if (log.topics.size() < 2 || log.topics[0] == kSettled.topic()) return std::nullopt;
    return log.topics[1];
}

Task<std::vector<ChainState>> ChannelReader::states(std::vector<ChannelId> ids) {
    std::vector<ChainState> all;
    all.reserve(ids.size());
    for (std::size_t first = 0; first < ids.size(); first += kChannelsAtOnce) {
        const std::size_t count = std::min(kChannelsAtOnce, ids.size() - first);
        auto some = co_await some_states(std::span{ids}.subspan(first, count));
        std::ranges::move(some, std::back_inserter(all));
    }
    co_return all;
}

Task<ChainState> ChannelReader::state(ChannelId id) {
    std::vector<ChannelId> one(1, id);
    auto states_of_one = co_await states(std::move(one));
    co_return std::move(states_of_one.front());
}

Task<std::vector<ChainState>> ChannelReader::some_states(std::span<const ChannelId> ids) {
    const auto head = co_await chain::header(rpc_, chain::Tag::latest);
    if (!head) throw chain::RpcFailure("the chain has no latest block");
    const std::string block = chain::to_quantity(head->id.number);
    std::vector<chain::RpcCall> calls;
    for (const ChannelId& id : ids) {
        const std::vector<Value> key(1, Value{id});
        calls.push_back(eth_call(contract_, kChannels.encode(key), block));
        calls.push_back(eth_call(contract_, kChannels.encode(key), "safe"));
        calls.push_back(eth_call(contract_, kPending.encode(key), block));
        calls.push_back(eth_call(contract_, kNonce.encode(key), block));
    }
    const auto answers = co_await rpc_.batch(std::move(calls));
    std::vector<ChainState> found;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto* answer = &answers.at(i * kCallsPerChannel);
        const auto now = result_of(kChannels, answer[0]);
        const auto safe = result_of(kChannels, answer[1]);
        const auto pending = result_of(kPending, answer[2]);
        const auto nonce = result_of(kNonce, answer[3]);
        found.push_back({.balance = amount_at(now, 0),
                         .safe_balance = std::min(amount_at(safe, 0), amount_at(now, 0)),
                         .claimed = amount_at(now, 1),
                         .withdrawing = amount_at(pending, 0),
                         .withdraw_requested_at =
                             pending.empty() ? 0 : static_cast<std::int64_t>(pending[1].as_u64()),
                         .refund_nonce = amount_at(nonce, 0).units,
                         .block = head->id.number});
    }
    co_return found;
}

Task<ChannelReader::Receiver> ChannelReader::receiver(eth::Address receiver, eth::Address token) {
    std::vector<chain::RpcCall> calls;
    calls.push_back(eth_call(contract_, kReceivers.encode({receiver, token}), "latest"));
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
