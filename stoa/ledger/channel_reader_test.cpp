#include "stoa/ledger/channel_reader.hpp"

#include <random>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

namespace json = boost::json;
using eth::word;

/// What is sent to the contract about one channel.
struct Call {
    enum class Kind { deposit, claim, refund, ask, take } kind;
    std::uint64_t amount = 0;  ///< Of a claim: the total.
    std::uint64_t nonce = 0;
};

/// The contract's rules for one channel, in small. `window`: blocks that a fork could replace; a
/// withdrawal that is asked for in them is not due in them.
struct Money {
    std::uint64_t balance = 0;
    std::uint64_t claimed = 0;
    std::uint64_t pending = 0;
    std::uint64_t asked_at = 0;
    std::uint64_t nonce = 0;
    bool asked_in_window = false;

    /// What moved; nothing where the contract refuses.
    std::optional<std::uint64_t> apply(const Call& call, std::uint64_t block, bool window) {
        const std::uint64_t available = balance - claimed;
        switch (call.kind) {
            case Call::Kind::deposit: balance += call.amount; return call.amount;
            case Call::Kind::claim:
                if (call.amount <= claimed || call.amount > balance) return std::nullopt;
                return call.amount - std::exchange(claimed, call.amount);
            case Call::Kind::refund: {
                if (call.nonce != nonce) return std::nullopt;
                ++nonce;
                const std::uint64_t paid = std::min(call.amount, available);
                balance -= paid;
                pending -= std::min(pending, paid);
                if (pending == 0) asked_at = 0;
                return paid;
            }
            case Call::Kind::ask:
                if (asked_at != 0 || call.amount > available) return std::nullopt;
                pending = call.amount;
                asked_at = block;
                asked_in_window = window;
                return 0;
            case Call::Kind::take: {
                if (asked_at == 0 || asked_in_window) return std::nullopt;
                const std::uint64_t paid = std::min(pending, available);
                balance -= paid;
                pending = asked_at = 0;
                return paid;
            }
        }
        return std::nullopt;
    }
};

/// A chain of which the last `kWindow` blocks are not safe yet.
class History final : public chain::Rpc {
  public:
    static constexpr std::uint64_t kSafe = 10;
    static constexpr std::uint64_t kHead = 13;
    bool withholds_a_log = false;
    bool forks = false;
    bool has_logs = true;
    bool has_safe = true;

    /// Calls in random blocks, those of the window also by themselves.
    explicit History(std::vector<std::pair<std::uint64_t, Call>> calls) {
        std::ranges::stable_sort(calls, {}, &std::pair<std::uint64_t, Call>::first);
        auto call = calls.begin();
        for (std::uint64_t block = 0; block <= kHead; ++block) {
            for (; call != calls.end() && call->first == block; ++call) {
                const auto moved = money_.apply(call->second, block, block > kSafe);
                if (!moved) continue;
                // The node signs no refund of more than is there.
                if (call->second.kind == Call::Kind::refund) call->second.amount = *moved;
                if (block > kSafe) window.push_back(call->second);
                note(call->second.kind, *moved, block);
            }
            blocks_.push_back(money_);
        }
    }

    const Money& safe() const { return blocks_.at(kSafe); }
    const Money& now() const { return blocks_.back(); }
    std::vector<Call> window;

    Task<std::vector<chain::RpcResult<json::value>>> batch(
        std::vector<chain::RpcCall> calls) override {
        std::vector<chain::RpcResult<json::value>> answers;
        for (const auto& call : calls) answers.push_back(answer(call));
        co_return answers;
    }

  private:
    void note(Call::Kind kind, std::uint64_t moved, std::uint64_t block) {
        static const eth::abi::Event deposited{
            "Deposited(bytes32 indexed,address indexed,uint128,uint128)"};
        static const eth::abi::Event refunded{"Refunded(bytes32 indexed,address indexed,uint128)"};
        static const eth::abi::Event withdrawn{
            "WithdrawFinalized(bytes32 indexed,address indexed,uint128)"};
        const bool counts = kind != Call::Kind::claim && kind != Call::Kind::ask;
        if (!counts || block <= kSafe) return;
        const bool in = kind == Call::Kind::deposit;
        const auto& event = in ? deposited : kind == Call::Kind::take ? withdrawn : refunded;
        const std::string data =
            to_hex(word(moved)) + (in ? to_hex(word(std::uint64_t{0})).substr(2) : std::string{});
        json::array topics{to_hex(event.topic()), to_hex(test_channel(1)),
                           to_hex(word(account(6)))};
        logs_.push_back(json::object{{"address", to_hex(payment::kChannels.bytes)},
                                     {"topics", std::move(topics)},
                                     {"data", data},
                                     {"blockNumber", chain::to_quantity(block)},
                                     {"blockHash", to_hex(word(block))},
                                     {"transactionHash", to_hex(word(block))},
                                     {"logIndex", "0x0"}});
    }

    chain::RpcResult<json::value> answer(const chain::RpcCall& call) const {
        const chain::RpcError refused{-32000, "not here", {}};
        if (call.method == "eth_getLogs") {
            if (!has_logs) return tl::unexpected(refused);
            EXPECT_EQ(chain::read_number(call.params[0].at("fromBlock")), kSafe + 1);
            json::array logs = logs_;
            if (withholds_a_log) logs.pop_back();
            return json::value(std::move(logs));
        }
        if (call.method == "eth_getBlockByNumber") {
            const std::string_view which = call.params[0].as_string();
            if (which == "safe" && !has_safe) return tl::unexpected(refused);
            const std::uint64_t number = which == "safe" ? kSafe : kHead;
            const bool other = forks && which != "safe" && which != "latest";
            return json::value{{"number", chain::to_quantity(number)},
                               {"hash", to_hex(word(number + (other ? 1'000 : 0)))},
                               {"parentHash", to_hex(Hash256{})},
                               {"timestamp", "0x1"},
                               {"logsBloom", "0x" + std::string(512, '0')}};
        }
        const Money& at = blocks_.at(chain::read_number(call.params[1]));
        const std::string_view data = call.params[0].at("data").as_string();
        const auto two = [](std::uint64_t first, std::uint64_t second) {
            return json::value(to_hex(word(first)) + to_hex(word(second)).substr(2));
        };
        if (data.starts_with("0x7a7ebd7b")) return two(at.balance, at.claimed);
        const eth::abi::Function pending{"pendingWithdrawals(bytes32)"};
        if (data.starts_with(to_hex(pending.selector()))) return two(at.pending, at.asked_at);
        return json::value(to_hex(word(at.nonce)));
    }

    Money money_;
    std::vector<Money> blocks_;
    json::array logs_;
};

ChainState read(History& chain) {
    boost::asio::io_context loop;
    ChannelReader reader(chain);
    return run(loop, reader.state(test_channel(1)));
}

std::uint64_t small(const Amount& amount) {
    return static_cast<std::uint64_t>(amount.units);
}

/// The least that any fork leaves: any of the window's calls, in any order, and a withdrawal that
/// is due whenever its payer likes.
std::uint64_t least_left(const Money& money, const std::vector<Call>& calls) {
    std::uint64_t least = money.balance;
    for (std::size_t i = 0; i <= calls.size(); ++i) {
        Money after = money;
        std::vector<Call> rest = calls;
        const Call call = i < calls.size() ? calls[i] : Call{Call::Kind::take};
        if (i < calls.size()) rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        if (after.apply(call, History::kHead, true))
            least = std::min(least, least_left(after, rest));
    }
    return least;
}

std::vector<std::pair<std::uint64_t, Call>> random_calls(std::mt19937_64& random) {
    const auto pick = [&](std::uint64_t below) { return random() % below; };
    std::vector<std::pair<std::uint64_t, Call>> calls;
    calls.push_back({1, {Call::Kind::deposit, 100}});
    std::uint64_t nonce = 0;
    for (int i = 0; i < 9; ++i) {
        const std::uint64_t block = i < 4 ? 2 + pick(9) : 11 + pick(3);
        Call call{static_cast<Call::Kind>(pick(5)), 1 + pick(120)};
        if (call.kind == Call::Kind::refund) call.nonce = nonce++;
        calls.push_back({block, call});
    }
    return calls;
}

TEST(ChannelReader, CountsAsSafeWhatNoForkTakes) {
    std::mt19937_64 random(20261125);
    unsigned exact = 0;
    for (int i = 0; i < 3'000; ++i) {
        History chain(random_calls(random));
        const ChainState state = read(chain);
        const std::uint64_t least = least_left(chain.safe(), chain.window);
        const std::uint64_t leaving = chain.now().pending;
        const std::uint64_t firm = small(state.safe_balance);
        ASSERT_EQ(small(state.balance), chain.now().balance);
        ASSERT_LE(firm, chain.now().balance);
        ASSERT_LE(firm - std::min(firm, leaving), least) << "history " << i;
        if (chain.safe().pending != 0 || leaving != 0) continue;
        ASSERT_EQ(firm, least) << "history " << i;
        ++exact;
    }
    EXPECT_GT(exact, 500U);
}

TEST(ChannelReader, DoesNotTakeANewDepositForAnOldOneThatWasPaidBack) {
    History chain({{1, {Call::Kind::deposit, 100}},
                   {11, {Call::Kind::refund, 100, 0}},
                   {12, {Call::Kind::deposit, 100}}});
    EXPECT_EQ(read(chain).balance, Amount{100});
    EXPECT_EQ(read(chain).safe_balance, Amount{0});
}

TEST(ChannelReader, KeepsWhatWasClaimedInASafeBlock) {
    History chain({{1, {Call::Kind::deposit, 100}},
                   {2, {Call::Kind::claim, 60}},
                   {11, {Call::Kind::deposit, 50}},
                   {12, {Call::Kind::refund, 90, 0}}});
    EXPECT_EQ(read(chain).balance, Amount{60});
    EXPECT_EQ(read(chain).safe_balance, Amount{60});
}

TEST(ChannelReader, BelievesNoAnswersThatDoNotBelongTogether) {
    History chain({{1, {Call::Kind::deposit, 100}}, {11, {Call::Kind::deposit, 5}}});
    chain.withholds_a_log = true;
    EXPECT_THROW(read(chain), chain::RpcFailure);
    chain.withholds_a_log = false;
    chain.forks = true;
    EXPECT_THROW(read(chain), chain::RpcFailure);
    chain.forks = false;
    EXPECT_EQ(read(chain).safe_balance, Amount{100});
}

TEST(ChannelReader, CountsNothingAsSafeThatTheEndpointCannotShow) {
    History chain({{1, {Call::Kind::deposit, 100}}, {2, {Call::Kind::claim, 30}}});
    chain.has_logs = false;
    EXPECT_EQ(read(chain).safe_balance, Amount{30}) << "only what was claimed";
    chain.has_safe = false;
    EXPECT_EQ(read(chain).safe_balance, Amount{0});
    EXPECT_EQ(read(chain).balance, Amount{100});
}

}  // namespace
}  // namespace stoa::ledger
