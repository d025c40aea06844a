#include "stoa/gateway/paid_answers.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace stoa::gateway {
namespace {

using namespace std::chrono_literals;

struct PaidAnswersTest : testing::Test {
    static PaidAnswers::Key key(std::uint8_t number) {
        PaidAnswers::Key key;
        key.bytes[0] = number;
        return key;
    }
    void keep(std::uint8_t number, std::size_t bytes = 3) {
        answers.keep(key(number),
                     {{}, std::make_shared<const std::string>(bytes, char('a' + number))});
    }
    std::optional<PaidAnswer> find(std::uint8_t number) {
        auto found =
            boost::asio::co_spawn(loop, answers.find(key(number), 0s), boost::asio::use_future);
        loop.restart();
        loop.run();
        return found.get();
    }

    boost::asio::io_context loop;
    io::ManualClock clock{UnixTime{1'700'000'000s}};
    PaidAnswers answers{loop.get_executor(), clock};
};

TEST_F(PaidAnswersTest, KeepsAnAnswerForTenMinutes) {
    keep(1);
    clock.advance(1min);
    keep(2);
    clock.advance(PaidAnswers::kKept - 1min - 1ms);
    EXPECT_EQ(*find(1)->body, "bbb");
    clock.advance(1ms);
    EXPECT_FALSE(find(1));
    EXPECT_FALSE(answers.knows(key(1)));
    EXPECT_EQ(*find(2)->body, "ccc");
    clock.advance(1min);
    EXPECT_FALSE(find(2));
}

TEST_F(PaidAnswersTest, KeepsTheFirstOfTwoForTheSameCall) {
    keep(1, 3);
    keep(1, 4);
    EXPECT_EQ(*find(1)->body, "bbb");
}

TEST_F(PaidAnswersTest, LetsTheOldestGoWhereThereIsNoRoom) {
    constexpr std::size_t kAll = PaidAnswers::kMaxBytes / PaidAnswers::kMaxAnswerBytes;
    for (std::uint8_t i = 0; i < kAll; ++i) keep(i, PaidAnswers::kMaxAnswerBytes);
    EXPECT_TRUE(answers.knows(key(0)));
    keep(kAll, 1);
    EXPECT_FALSE(answers.knows(key(0)));
    EXPECT_TRUE(answers.knows(key(1)));
    EXPECT_TRUE(answers.knows(key(kAll)));
}

TEST_F(PaidAnswersTest, KeepsNothingThatIsTooLong) {
    keep(1, PaidAnswers::kMaxAnswerBytes + 1);
    EXPECT_FALSE(answers.knows(key(1)));
}

TEST_F(PaidAnswersTest, KnowsACallThatRuns) {
    {
        const PaidAnswers::Running running(answers, key(1));
        EXPECT_TRUE(answers.knows(key(1)));
    }
    EXPECT_FALSE(answers.knows(key(1)));
}

}  // namespace
}  // namespace stoa::gateway
