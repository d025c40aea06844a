#include "stoa/ledger/settler_fixture_test.hpp"

namespace stoa::ledger {
namespace {

using chain::json::array;

/// A real chain that is set back, and the follower that tells the mirror of it.
class MirrorTest : public SettlerTest {
  protected:
    void SetUp() override {
        SettlerTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        tables = std::make_unique<db::Database>(folder.path() / "derived.sqlite");
        follower = std::make_unique<chain::Follower>(*rpc, *tables, pool, kTestChain,
                                                     std::vector<chain::LogSink*>{mirror.get()});
    }
    void TearDown() override {
        follower.reset();
        SettlerTest::TearDown();
    }

    Task<void> follow() {
        bool is_behind = true;
        while (is_behind) is_behind = co_await follower->step();
    }

    /// Until the mirror's own reads have brought it.
    Task<void> reaches(std::uint64_t balance) {
        for (int tries = 0; tries < 500 && channel(1).chain.balance != Amount{balance}; ++tries) {
            co_await io::sleep_for(std::chrono::milliseconds(20));
        }
        EXPECT_EQ(channel(1).chain.balance, Amount{balance});
    }

    std::unique_ptr<db::Database> tables;
    std::unique_ptr<chain::Follower> follower;
};

TEST_F(MirrorTest, SeesARefundInABlockBelowOneThatAForkTookBack) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 1'000'000);
        const auto snapshot = co_await rpc->get("evm_snapshot");
        array eight;
        eight.emplace_back("0x8");
        co_await rpc->get("anvil_mine", std::move(eight));
        co_await mirror->refresh(id(1));
        co_await follow();
        const std::uint64_t known = channel(1).chain.block;
        array back;
        back.push_back(snapshot);
        co_await rpc->get("evm_revert", std::move(back));

        const auto turn = co_await ledger->turns().take(id(1), std::chrono::seconds(0));
        const auto refunded = co_await settler->refund(*turn, Amount{400'000});
        EXPECT_TRUE(refunded);
        co_await follow();
        co_await reaches(600'000);
        EXPECT_LT(channel(1).chain.block, known);
    };
    run_all(story());
}

}  // namespace
}  // namespace stoa::ledger
