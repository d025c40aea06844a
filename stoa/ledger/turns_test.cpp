#include "stoa/ledger/turns.hpp"

#include <boost/asio/detached.hpp>

#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

using Turn = std::optional<Turns::Turn>;

class TurnsTest : public testing::Test {
  protected:
    boost::asio::io_context loop;
    Turns turns{loop.get_executor()};
    ChannelId channel = test_channel(1);

    /// Never comes to pass in these tests.
    static constexpr std::chrono::hours kLong{1};

    Turn take_now() { return run(loop, turns.take(channel, std::chrono::milliseconds(0))); }
};

TEST_F(TurnsTest, AreTakenByOneAtATime) {
    {
        const Turn first = take_now();
        ASSERT_TRUE(first);
        EXPECT_FALSE(take_now());
        EXPECT_TRUE(run(loop, turns.take(test_channel(2), std::chrono::milliseconds(0))));
    }
    EXPECT_TRUE(take_now());
    EXPECT_FALSE(turns.is_taken(channel));
}

TEST_F(TurnsTest, AreGivenInTheOrderOfAsking) {
    std::vector<int> order;
    Turn first = take_now();
    const auto wait = [&](int number) -> Task<void> {
        const Turn turn = co_await turns.take(channel, kLong);
        if (turn) order.push_back(number);
    };
    for (int i = 0; i < 3; ++i) boost::asio::co_spawn(loop, wait(i), boost::asio::detached);
    loop.restart();
    loop.poll();
    EXPECT_TRUE(order.empty());
    first.reset();
    loop.restart();
    loop.run();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_FALSE(turns.is_taken(channel));
}

TEST_F(TurnsTest, LetOnlySoManyWait) {
    Turn first = take_now();
    int refused = 0;
    const auto wait = [&]() -> Task<void> {
        const Turn turn = co_await turns.take(channel, kLong);
        if (!turn) ++refused;
    };
    for (std::size_t i = 0; i < Turns::kMaxWaiting + 2; ++i) {
        boost::asio::co_spawn(loop, wait(), boost::asio::detached);
    }
    loop.restart();
    loop.poll();
    EXPECT_EQ(refused, 2);
    first.reset();
    loop.restart();
    loop.run();
    EXPECT_EQ(refused, 2);
}

}  // namespace
}  // namespace stoa::ledger
