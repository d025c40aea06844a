// A node's paid routes on a real chain, behind an endpoint that can lag and lie.
#pragma once

#include "stoa/chain/follower.hpp"
#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/ledger/settler_fixture_test.hpp"

namespace stoa::gateway::testing {

/// Passes on what it is asked, or doesn't.
class BentRpc final : public chain::Rpc {
  public:
    using Answer = chain::RpcResult<json::value>;

    chain::Rpc* real = nullptr;
    unsigned slots = 1;
    std::optional<std::uint64_t> newest;  ///< The last block that it knows; nothing: all.
    /// An answer of its own, or nothing.
    std::function<std::optional<Answer>(const chain::RpcCall&)> lie;

    Task<std::vector<Answer>> batch(std::vector<chain::RpcCall> calls) override {
        if (!newest && !lie) co_return co_await real->batch(std::move(calls));
        std::vector<Answer> answers;
        for (auto& call : calls) {
            if (newest) hold_back(call);
            auto own = lie ? lie(call) : std::nullopt;
            if (!own) {
                std::vector<chain::RpcCall> one(1, call);
                auto its = co_await real->batch(std::move(one));
                own = std::move(its.front());
            }
            if (newest) hide(*own);
            answers.push_back(*std::move(own));
        }
        co_return answers;
    }

  private:
    void hold_back(chain::RpcCall& call) const {
        for (auto& value : call.params) {
            if (!value.is_string()) continue;
            const std::string_view name = value.get_string();
            std::uint64_t behind = 0;
            if (name == "safe") {
                behind = slots;
            } else if (name == "finalized") {
                behind = 2 * slots;
            } else if (name != "latest" && name != "pending") {
                continue;
            }
            value = chain::to_quantity(*newest - std::min<std::uint64_t>(*newest, behind));
        }
    }

    /// Receipts and transactions of blocks that it doesn't know.
    void hide(Answer& answer) const {
        if (!answer || !answer->is_object()) return;
        const auto* number = answer->get_object().if_contains("blockNumber");
        if (!number || !number->is_string()) return;
        if (chain::read_number(*number) > *newest) answer = json::value(nullptr);
    }
};

/// Who pays for calls of the one model here.
struct Buyer {
    keys::LocalSigner wallet;
    keys::LocalSigner session;
    payment::ChannelConfig config;
    ledger::ChannelId id;
};

class ChainTest : public ledger::SettlerTest {
  protected:
    /// Of a call with `kBody`: at most, and what the engine makes of it.
    static constexpr std::uint64_t kMost = 67;
    static constexpr std::uint64_t kCost = 23;
    static constexpr std::uint64_t kDeposit = 150'000;

    ChainTest();
    chain::Rpc& endpoint() override;
    const io::Clock& sender_clock() const override { return senders_time; }
    void SetUp() override;
    void TearDown() override;

    Buyer buyer(std::uint8_t number) const;
    /// Tokens for its deposit.
    Task<void> fund(eth::Address holder, std::uint64_t amount);
    /// What the buyer's wallet signs to open its channel.
    ledger::SignedDeposit deposit_of(const Buyer& by) const;
    /// One call, paid out of the buyer's channel, with the deposit that opens it or without. By
    /// the route, as over HTTP: 200, or 402 where it is refused.
    Task<unsigned> call(const Buyer& by, bool with_deposit = false);
    /// As often as it is served.
    Task<void> call_until_refused(const Buyer& by);

    Task<void> transact(eth::Address from, eth::Address to, ByteVector data);
    Task<std::uint64_t> head();
    /// A chain to which `take_back` returns.
    Task<json::value> remember() { co_return co_await rpc->get("evm_snapshot"); }
    Task<void> take_back(json::value to);
    Task<void> follow();
    /// Until the mirror's own reads have brought it.
    Task<void> reaches(const Buyer& by, std::uint64_t balance);

    const ledger::Channel* known(const Buyer& by) const { return ledger->book().find(by.id); }
    Amount charged(const Buyer& by) const { return known(by) ? known(by)->charged : Amount{}; }

    BentRpc bent;
    io::ManualClock senders_time{unix_time(1'800'000'000)};
    std::shared_ptr<ScriptedEngine> engine = std::make_shared<ScriptedEngine>();
    io::Metrics metrics;
    ServedModels served;
    chain::Deployment deployment;
    std::unique_ptr<db::Database> tables;
    std::unique_ptr<chain::Follower> follower;
    std::unique_ptr<Router> router;
    std::shared_ptr<PaidDesk> desk;
    std::unique_ptr<PaidRoutes> routes;

  private:
    void sell();
    std::string payment(const Buyer& by, bool with_deposit) const;
};

}  // namespace stoa::gateway::testing
