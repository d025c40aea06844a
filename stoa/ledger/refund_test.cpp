#include "stoa/ledger/settler_fixture_test.hpp"

namespace stoa::ledger {
namespace {

/// On a chain whose newest sixteen blocks could be replaced.
class RefundTest : public SettlerTest {
  protected:
    RefundTest() {
        slots = 16;
        credit = Amount{100};
    }

    Task<Result<Settler::Refunded>> refund(std::uint8_t salt, std::optional<Amount> asked) {
        const auto turn = co_await ledger->turns().take(id(salt), std::chrono::seconds(0));
        co_return co_await settler->refund(*turn, asked);
    }
};

TEST_F(RefundTest, WaitsWhereAForkCouldUndoWhatPaidForCalls) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 10'000);
        EXPECT_EQ(channel(1).chain.safe_balance, Amount{0});
        co_await earn(1, 137);
        const auto early = co_await refund(1, std::nullopt);
        EXPECT_EQ(early.error(), payment::PaymentError::not_safe_yet) << "137 is above the credit";
        EXPECT_EQ(channel(1).chain.balance, Amount{10'000});
        co_await mine(17);
        const auto done = co_await refund(1, std::nullopt);
        EXPECT_TRUE(done && done->amount == Amount{9'863});
        EXPECT_EQ(channel(1).chain.claimed, Amount{137});
    };
    run_all(story());
}

TEST_F(RefundTest, DoesNotWaitForWhatTheCreditCovers) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 10'000);
        co_await earn(1, 100);
        const auto done = co_await refund(1, std::nullopt);
        EXPECT_TRUE(done && done->amount == Amount{9'900});
        co_await open(2, 10'000);
        co_await earn(2, 1);
        const auto more = co_await refund(2, std::nullopt);
        EXPECT_EQ(more.error(), payment::PaymentError::not_safe_yet) << "the credit is one payer's";
    };
    run_all(story());
}

TEST_F(RefundTest, PaysBackAPartThatLeavesWhatWasChargedInASafeDeposit) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 1'000);
        co_await mine(17);
        co_await earn(1, 500);
        co_await open_again(1, 10'000);
        EXPECT_EQ(channel(1).chain.balance, Amount{11'000});
        EXPECT_EQ(channel(1).chain.safe_balance, Amount{1'000});
        const auto all = co_await refund(1, std::nullopt);
        EXPECT_EQ(all.error(), payment::PaymentError::not_safe_yet)
            << "a fork that undid the new deposit would leave nothing of the old one";
        const auto part = co_await refund(1, Amount{500});
        EXPECT_TRUE(part && part->amount == Amount{500});
    };
    run_all(story());
}

TEST_F(RefundTest, DoesNotCountANewDepositForAnOldOneThatWasPaidBack) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 10'000);
        co_await mine(17);
        co_await mirror->refresh(id(1));
        EXPECT_EQ(channel(1).chain.safe_balance, Amount{10'000});
        const auto done = co_await refund(1, std::nullopt);
        EXPECT_TRUE(done);
        co_await open_again(1, 10'000);
        EXPECT_EQ(channel(1).chain.balance, Amount{10'000}) << "as at the safe block";
        EXPECT_EQ(channel(1).chain.safe_balance, Amount{0});
        EXPECT_EQ(ledger->state_of(id(1), channel(1)).balance, credit);
        co_await mine(17);
        co_await mirror->refresh(id(1));
        EXPECT_EQ(channel(1).chain.safe_balance, Amount{10'000});
    };
    run_all(story());
}

}  // namespace
}  // namespace stoa::ledger
