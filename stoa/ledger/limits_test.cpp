#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

using payment::PaymentError;

/// At noon (UTC) of a day.
constexpr std::int64_t kNoon = 1'800'014'400;
static_assert(kNoon % kSecondsOfADay == kSecondsOfADay / 2);

class LimitsTest : public testing::Test {
  protected:
    LimitsTest() {
        reopen();
        run(loop, ledger->open(id, test_config(1), holding(1'000)));
    }

    void reopen() {
        LedgerConfig config;
        config.file = folder.path() / "ledger.sqlite";
        ledger.reset();
        ledger.emplace(loop.get_executor(), clock, config, nullptr);
    }
    void charge(std::uint64_t amount) {
        const Amount maximum = ledger->book().find(id)->charged + Amount{amount};
        run(loop, ledger->reserve({{id, maximum}, {}, Amount{amount}, {}}));
        run(loop, ledger->charge(id, Amount{amount}, {1, 2}));
    }
    void limit(std::uint64_t per_day, std::uint64_t expires, std::uint64_t nonce) {
        run(loop, ledger->limit({id, Amount{per_day}, expires, nonce}));
    }
    std::error_code refusal(std::uint64_t amount) const {
        const auto allowed = ledger->check_limits(id, Amount{amount});
        return allowed ? std::error_code{} : allowed.error();
    }

    TemporaryFolder folder;
    boost::asio::io_context loop;
    io::ManualClock clock{unix_time(kNoon)};
    std::optional<Ledger> ledger;
    const ChannelId id = test_channel(1);
};

TEST_F(LimitsTest, AreNoneUntilTheyAreSet) {
    EXPECT_FALSE(refusal(1'000'000));
    EXPECT_EQ(ledger->book().limits(id), Limits{});
}

TEST_F(LimitsTest, CountWhatWasChargedOfTheDayAlsoAfterARestart) {
    limit(300, payment::kNeverExpires, 0);
    charge(100);
    charge(150);
    EXPECT_FALSE(refusal(50));
    EXPECT_EQ(refusal(51), PaymentError::session_day_limit);
    reopen();
    EXPECT_FALSE(refusal(50));
    EXPECT_EQ(refusal(51), PaymentError::session_day_limit);
    EXPECT_EQ(ledger->book().limits(id).next_nonce, 1);
    clock.advance(std::chrono::hours(12));
    EXPECT_FALSE(refusal(300)) << "midnight (UTC) begins another day";
    EXPECT_EQ(refusal(301), PaymentError::session_day_limit);
    charge(200);
    reopen();
    EXPECT_EQ(refusal(101), PaymentError::session_day_limit);
}

TEST_F(LimitsTest, EndAKeyAtItsTimeAndAtOnceWhenItIsRevoked) {
    limit(300, kNoon + 60, 0);
    EXPECT_FALSE(refusal(1));
    clock.advance(std::chrono::seconds(60));
    EXPECT_EQ(refusal(1), PaymentError::session_expired);
    limit(300, payment::kNeverExpires, 1);
    EXPECT_FALSE(refusal(1));
    limit(300, 0, 2);
    EXPECT_EQ(refusal(0), PaymentError::session_expired);
    reopen();
    EXPECT_EQ(refusal(0), PaymentError::session_expired);
}

TEST_F(LimitsTest, OutliveTheirChannelSoThatNoOldOnesAreUsedAgain) {
    limit(300, 0, 0);
    run(loop, ledger->close(id));
    run(loop, ledger->open(id, test_config(1), holding(500)));
    EXPECT_EQ(refusal(1), PaymentError::session_expired);
    EXPECT_EQ(ledger->book().limits(id).next_nonce, 1);
}

}  // namespace
}  // namespace stoa::ledger
