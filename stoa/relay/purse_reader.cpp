#include "stoa/relay/purse_reader.hpp"

#include <algorithm>

#include "stoa/chain/codec.hpp"
#include "stoa/chain/contract.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::relay {
namespace {

using eth::abi::Function;
using eth::abi::Value;

constexpr std::size_t kAtOnce = 256;

const Function kOwner{"owner() returns (address)"};
const Function kNonce{"nonce() returns (uint64)"};
const Function kLeaving{"leaving() returns (bool)"};
const Function kStateOf{
    "stateOf(address key) returns ((uint40 expires,uint96 left,uint96 leftToday,uint96 "
    "capPerDay,uint96 capPerService,uint32 spends,bool anyService))"};
const Function kBalanceOf{"balanceOf(address account) returns (uint256)"};
const Function kChannels{
    "channels(bytes32 channelId) returns (uint128 balance,uint128 totalClaimed)"};
const Function kPending{
    "pendingWithdrawals(bytes32 channelId) returns (uint128 amount,uint40 initiatedAt)"};

PurseKey key_of(const eth::Address& key, const Value& state) {
    PurseKey it;
    it.key = key;
    it.expires = state[0].as_u64();
    it.left = state[1].as_amount();
    it.left_today = state[2].as_amount();
    it.cap_per_day = state[3].as_amount();
    it.cap_per_service = state[4].as_amount();
    it.spends = state[5].as_u64();
    return it;
}

const std::vector<Value>& must(const std::optional<std::vector<Value>>& answer, const char* what) {
    if (!answer) throw chain::RpcFailure(std::string(what) + " has no answer");
    return *answer;
}

}  // namespace

struct PurseReader::Question {
    Question(const eth::Address& whom, const Function& what, Values with)
        : to(whom), function(&what), arguments(std::move(with)) {}

    eth::Address to;
    const Function* function;
    Values arguments;
};

PurseReader::PurseReader(chain::Rpc& rpc, const chain::Deployment& deployment)
    : rpc_(rpc), chain_id_(deployment.chain_id), channels_(deployment.contract("Channels")) {
    const auto found = deployment.contracts.find("Purses");
    if (found != deployment.contracts.end()) purses_ = found->second;
}

/// Nothing where a call reverts, or nobody is there to answer.
Task<std::vector<std::optional<PurseReader::Values>>> PurseReader::ask(
    std::vector<Question> questions) {
    std::vector<std::optional<Values>> results;
    while (results.size() < questions.size()) {
        const std::size_t first = results.size();
        const std::size_t last = std::min(questions.size(), first + kAtOnce);
        std::vector<chain::RpcCall> batch;
        for (std::size_t i = first; i < last; ++i) {
            chain::Call call;
            call.to = questions[i].to;
            call.data = questions[i].function->encode(questions[i].arguments);
            chain::json::array params;
            params.push_back(chain::write_call(call));
            params.emplace_back("pending");
            batch.push_back({"eth_call", std::move(params)});
        }
        for (const auto& answer : co_await rpc_.batch(std::move(batch))) {
            const Function& asked = *questions[results.size()].function;
            auto& result = results.emplace_back();
            if (!answer && !chain::is_revert(answer.error())) {
                throw chain::RpcFailure("eth_call: " + answer.error().message);
            }
            if (!answer) continue;
            auto values = asked.decode_result(chain::read_data(*answer));
            if (values) result = *std::move(values);
        }
    }
    co_return results;
}

eth::Address PurseReader::purse_of(const eth::Address& owner, const eth::Address& token) const {
    return payment::purse_address(*purses_, chain_id_, owner, token);
}

Task<std::optional<eth::Address>> PurseReader::owner_of(eth::Address purse, eth::Address token) {
    std::optional<eth::Address> owner;
    if (!purses_) co_return owner;
    std::vector<Question> questions;
    questions.emplace_back(purse, kOwner, Values{});
    const auto answers = co_await ask(std::move(questions));
    if (!answers.front()) co_return owner;
    const eth::Address said = answers.front()->front().as_address();
    if (purse_of(said, token) == purse) owner = said;
    co_return owner;
}

Task<PurseState> PurseReader::state(eth::Address owner, eth::Address token,
                                    std::optional<eth::Address> key) {
    PurseState it;
    it.purse = purse_of(owner, token);
    std::vector<Question> questions;
    questions.emplace_back(token, kBalanceOf, Values(1, Value(it.purse)));
    questions.emplace_back(it.purse, kNonce, Values{});
    questions.emplace_back(it.purse, kLeaving, Values{});
    if (key) questions.emplace_back(it.purse, kStateOf, Values(1, Value(*key)));
    const auto answers = co_await ask(std::move(questions));
    it.balance = must(answers[0], "the token's balance").front().as_amount();
    it.exists = answers[1].has_value();
    if (!it.exists) co_return it;
    it.nonce = answers[1]->front().as_u64();
    it.leaving = must(answers[2], "the purse's state").front().as_bool();
    if (key) it.key = key_of(*key, must(answers[3], "the key's state").front());
    co_return it;
}

Task<std::vector<ChannelNow>> PurseReader::channels(std::vector<Hash256> ids) {
    std::vector<Question> questions;
    for (const Hash256& id : ids) {
        questions.emplace_back(channels_, kChannels, Values(1, Value(id)));
        questions.emplace_back(channels_, kPending, Values(1, Value(id)));
    }
    const auto answers = co_await ask(std::move(questions));
    std::vector<ChannelNow> channels;
    for (std::size_t i = 0; i + 1 < answers.size(); i += 2) {
        const auto& money = must(answers[i], "a channel");
        const auto& pending = must(answers[i + 1], "a withdrawal");
        ChannelNow now;
        now.balance = money[0].as_amount();
        now.claimed = money[1].as_amount();
        now.withdraw_requested_at = pending[1].as_u64();
        channels.push_back(now);
    }
    co_return channels;
}

Task<std::uint64_t> PurseReader::time() {
    const auto newest = co_await chain::header(rpc_, chain::Tag::latest);
    co_return newest ? newest->time : 0;
}

}  // namespace stoa::relay
