#include "stoa/gateway/royalty_reader.hpp"

#include <algorithm>

#include "stoa/eth/abi.hpp"
#include "stoa/gateway/money_reader.hpp"

namespace stoa::gateway {
namespace {

using eth::abi::Function;
using eth::abi::Value;
using market::Part;
using market::SplitState;

const Function kReceived{"received(address token) returns (uint256)"};
const Function kClaimed{"claimed(address token,address account) returns (uint256)"};
const Function kClaim{"claim(address token,address account) returns (uint256)"};
const Function kSettle{"settle(address receiver,address token)"};
const Function kAggregate{
    "aggregate3((address target,bool allowFailure,bytes callData)[] calls) returns ((bool "
    "success,bytes returnData)[])"};

Value call_value(const eth::Address& target, bool may_fail, ByteVector data) {
    std::vector<Value> call;
    call.emplace_back(target);
    call.emplace_back(may_fail);
    call.emplace_back(std::move(data));
    return call;
}

ByteVector claim_data(const eth::Address& token, const market::Pull& pull) {
    return kClaim.encode({token, pull.account});
}

std::vector<SplitState> states_of(const market::Waterfall& all, std::size_t from) {
    return {all.splits().begin() + static_cast<std::ptrdiff_t>(from), all.splits().end()};
}

}  // namespace

/// Sources first, each with its payment to the model's split alone.
Task<void> RoyaltyReader::read_states(Royalties& it, const RoyaltyQuery& query) {
    std::vector<SplitState> states;
    const auto add = [&](const catalogue::PaidSplit& split, const eth::Address* only) {
        SplitState state;
        state.address = split.address;
        for (const auto& payee : split.payees) {
            if (only && payee.account != *only) continue;
            state.parts.emplace_back(payee.account, payee.share, Amount{});
        }
        states.push_back(std::move(state));
    };
    for (const auto& source : it.sources) add(source.split, &query.pay_to);
    for (const auto& split : it.splits) add(split, nullptr);

    std::vector<chain::Call> calls;
    for (const SplitState& state : states) {
        calls.push_back(call_of(state.address, kReceived.encode({query.token})));
        for (const Part& part : state.parts) {
            calls.push_back(call_of(state.address, kClaimed.encode({query.token, part.account})));
        }
    }
    const auto numbers = co_await numbers_at(rpc_, it.block, std::move(calls));
    std::size_t next = 0;
    for (SplitState& state : states) {
        state.received = Amount{numbers[next++].value_or(0)};
        for (Part& part : state.parts) part.claimed = Amount{numbers[next++].value_or(0)};
    }
    it.now = std::move(states);
}

/// Of receivers among sources and splits.
Task<void> RoyaltyReader::read_settles(Royalties& it, const eth::Address& token) {
    std::vector<eth::Address> receivers;
    for (const auto& source : it.sources) {
        if (source.split.service) receivers.push_back(source.split.address);
    }
    for (const auto& split : it.splits) {
        if (split.service) receivers.push_back(split.address);
    }
    if (token == eth::kZeroAddress) co_return;
    for (const auto& receiver : receivers) {
        const auto state = co_await channels_.receiver(receiver, token, it.block);
        if (state.claimed > state.settled) {
            it.settles.push_back({receiver, state.claimed - state.settled});
        }
    }
}

/// Tries all of it at once; each by itself may fail.
Task<void> RoyaltyReader::find_refused(Royalties& it, const eth::Address& token) {
    if (it.pulls.empty()) co_return;
    std::vector<Value> calls;
    for (const auto& settle : it.settles) {
        calls.push_back(
            call_value(channels_.contract(), true, kSettle.encode({settle.receiver, token})));
    }
    const std::size_t first = calls.size();
    for (const auto& one : it.pulls) {
        if (calls.size() >= kMaxReleaseCalls) break;
        calls.push_back(call_value(one.pull.split, true, claim_data(token, one.pull)));
    }
    const std::size_t count = calls.size();
    std::vector<Value> arguments;
    arguments.emplace_back(std::move(calls));
    const auto tried = co_await chain::read(rpc_, deployment_.contract("Multicall3"), kAggregate,
                                            std::move(arguments));
    if (!tried) co_return;
    const auto& results = tried->front().items();
    for (std::size_t i = first; i < std::min(count, results.size()); ++i) {
        it.pulls[i - first].refused = !results[i][0].as_bool();
    }
}

Task<Royalties> RoyaltyReader::read(RoyaltyQuery query) {
    Royalties it;
    const auto head = co_await chain::header(rpc_, chain::Tag::latest);
    if (!head) throw chain::RpcFailure("the chain has no latest block");
    it.block = head->id.number;
    const eth::Address entry = query.service ? query.service->receiver : query.pay_to;
    it.splits = co_await catalogue_.splits_below(entry);
    auto above = co_await catalogue_.splits_above(query.pay_to);
    for (auto& split : above) {
        if (split.address == entry) continue;
        RoyaltySource source;
        source.share =
            std::ranges::find(split.payees, query.pay_to, &catalogue::Payee::account)->share;
        source.split = std::move(split);
        it.sources.push_back(std::move(source));
    }
    co_await read_states(it, query);
    co_await read_settles(it, query.token);

    const std::size_t first = it.sources.size();
    market::Waterfall all{it.now};
    for (std::size_t i = 0; i < first; ++i) {
        it.sources[i].due = market::due(it.now[i], it.now[i].parts.front());
    }
    it.now.erase(it.now.begin(), it.now.begin() + static_cast<std::ptrdiff_t>(first));
    for (const auto& settle : it.settles) all.pay(settle.receiver, settle.amount);
    for (auto& pull : all.pull()) it.pulls.push_back({std::move(pull), false});
    it.drawn = states_of(all, first);
    if (query.amount) {
        all.pay(entry, *query.amount);
        all.pull();
    }
    it.sold = states_of(all, first);
    co_await find_refused(it, query.token);
    it.query = std::move(query);
    co_return it;
}

ByteVector RoyaltyReader::release_call(const Royalties& it) const {
    const eth::Address& token = it.query.token;
    std::vector<Value> calls;
    for (const auto& settle : it.settles) {
        calls.push_back(
            call_value(channels_.contract(), false, kSettle.encode({settle.receiver, token})));
    }
    for (const auto& one : it.pulls) {
        if (calls.size() >= kMaxReleaseCalls) break;
        if (one.refused) continue;
        calls.push_back(call_value(one.pull.split, false, claim_data(token, one.pull)));
    }
    if (calls.empty()) return {};
    std::vector<Value> arguments;
    arguments.emplace_back(std::move(calls));
    return kAggregate.encode(arguments);
}

}  // namespace stoa::gateway
