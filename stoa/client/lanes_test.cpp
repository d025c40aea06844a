#include "stoa/client/lanes.hpp"

#include <gtest/gtest.h>

#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace stoa::client {
namespace {

namespace asio = boost::asio;

/// Calls that enter and stay until they are told to leave.
struct Street {
    asio::io_context loop;
    std::optional<Lanes> lanes{loop.get_executor()};
    std::vector<std::pair<int, unsigned>> entered;

    void call(int name, LaneSet wanted) {
        asio::co_spawn(loop, enter(name, wanted), asio::detached);
        run();
    }
    void leave(unsigned lane) {
        lanes->leave(lane);
        run();
    }
    void run() {
        loop.restart();
        loop.poll();
    }

  private:
    Task<void> enter(int name, LaneSet wanted) {
        const unsigned lane = co_await lanes->enter(wanted);
        entered.emplace_back(name, lane);
    }
};

using Entered = std::vector<std::pair<int, unsigned>>;

TEST(Lanes, TakeOneCallEachTheLowestFirst) {
    Street it;
    for (int name = 0; name < 6; ++name) it.call(name, it.lanes->usable());
    EXPECT_EQ(it.entered, (Entered{{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
    it.leave(2);
    EXPECT_EQ(it.entered.back(), std::make_pair(4, 2U));
    it.leave(0);
    EXPECT_EQ(it.entered.back(), std::make_pair(5, 0U));
    it.leave(0);
    it.leave(2);
    it.call(6, it.lanes->usable());
    EXPECT_EQ(it.entered.back(), std::make_pair(6, 0U));
}

TEST(Lanes, AreWaitedForByThoseWhoWantThemAlone) {
    Street it;
    for (int name = 0; name < 4; ++name) it.call(name, it.lanes->usable());
    it.call(4, LaneSet::of(3));
    it.call(5, LaneSet::first(2));
    it.leave(1);
    EXPECT_EQ(it.entered.back(), std::make_pair(5, 1U));
    it.leave(2);
    EXPECT_EQ(it.entered.size(), 5U);
    it.leave(3);
    EXPECT_EQ(it.entered.back(), std::make_pair(4, 3U));
}

TEST(Lanes, WithoutMoneyAreNotTriedForAWhile) {
    Street it;
    it.lanes->close(2);
    EXPECT_EQ(it.lanes->usable(), LaneSet::first(2));
    it.lanes->close(0);
    EXPECT_EQ(it.lanes->usable(), LaneSet::of(0));
}

TEST(Lanes, MayEndBeforeTheirCalls) {
    Street it;
    for (int name = 0; name < 6; ++name) it.call(name, it.lanes->usable());
    it.lanes.reset();
    EXPECT_EQ(it.entered.size(), 4U);
}

}  // namespace
}  // namespace stoa::client
