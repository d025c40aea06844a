#include "stoa/ledger/ledger.hpp"

#include <sys/wait.h>

#include <csignal>
#include <random>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

class LedgerTest : public testing::Test {
  protected:
    TemporaryFolder folder;
    boost::asio::io_context loop;
    io::ManualClock clock{unix_time(1'800'000'000)};
    std::optional<Ledger> ledger;
    std::string failure;

    LedgerTest() { reopen(); }

    LedgerConfig config() const {
        LedgerConfig it;
        it.file = folder.path() / "ledger.sqlite";
        return it;
    }
    void reopen() {
        ledger.reset();
        ledger.emplace(loop.get_executor(), clock, config(),
                       [this](const std::string& why) { failure = why; });
    }
    const Channel& channel(std::uint8_t salt) const {
        return *ledger->book().find(test_channel(salt));
    }
    void open(std::uint8_t salt, ChainState state) {
        run(loop, ledger->open(test_channel(salt), test_config(salt), std::move(state)));
    }
    void reserve(std::uint8_t salt, std::uint64_t amount) {
        const Amount maximum = channel(salt).charged + Amount{amount};
        run(loop, ledger->reserve({{test_channel(salt), maximum}, {}, Amount{amount}, {}}));
    }
    void charge(std::uint8_t salt, std::uint64_t amount) {
        run(loop, ledger->charge(test_channel(salt), Amount{amount}, {1, 2}));
    }
};

TEST_F(LedgerTest, StartsANewChannelAtWhatWasClaimed) {
    open(1, holding(1000, 300));
    EXPECT_EQ(channel(1).charged, Amount{300});
    EXPECT_EQ(channel(1).refundable(), Amount{700});
}

TEST_F(LedgerTest, KnowsAfterARestartWhatItKnewBefore) {
    open(1, holding(1000));
    open(2, holding(500));
    reserve(1, 100);
    charge(1, 37);
    reserve(1, 50);
    charge(1, 0);
    const auto before = ledger->book().channels();
    reopen();
    EXPECT_EQ(ledger->book().channels(), before);
    EXPECT_EQ(channel(1).charged, Amount{37});
    EXPECT_EQ(channel(1).maximum, Amount{87});
}

TEST_F(LedgerTest, ForgetsAtStartAReservationThatWasNotCharged) {
    open(1, holding(1000));
    reserve(1, 100);
    EXPECT_TRUE(channel(1).reservation);
    reopen();
    EXPECT_FALSE(channel(1).reservation);
    EXPECT_EQ(channel(1).charged, Amount{0});
    reserve(1, 100);
    charge(1, 100);
    EXPECT_EQ(channel(1).charged, Amount{100});
}

TEST_F(LedgerTest, RaisesWhatIsReservedForTheCallThatRuns) {
    open(1, holding(1000));
    reserve(1, 100);
    eth::Signature larger{};
    larger.bytes.fill(7);
    run(loop, ledger->raise({test_channel(1), Amount{300}}, larger));
    EXPECT_EQ(channel(1).reservation->amount, Amount{300});
    charge(1, 250);
    EXPECT_EQ(channel(1).charged, Amount{250});
    reserve(1, 100);
    run(loop, ledger->raise({test_channel(1), Amount{500}}, larger));
    EXPECT_EQ(channel(1).reservation->amount, Amount{250});
    reopen();
    EXPECT_FALSE(channel(1).reservation) << "what a raised call did not charge is released, too";
    EXPECT_EQ(channel(1).charged, Amount{250});
    EXPECT_EQ(channel(1).maximum, Amount{500});
    EXPECT_EQ(channel(1).signature, larger);
    reserve(1, 750);
    charge(1, 750);
}

TEST_F(LedgerTest, CountsARaisedCallAgainstTheCreditOfItsPayer) {
    ChainState unsafe = holding(5'000'000);
    unsafe.safe_balance = Amount{};
    open(1, unsafe);
    open(2, unsafe);
    reserve(1, 100'000);
    EXPECT_EQ(ledger->state_of(test_channel(2), channel(2)).balance, Amount{900'000});
    run(loop, ledger->raise({test_channel(1), Amount{700'000}}, {}));
    EXPECT_EQ(ledger->state_of(test_channel(2), channel(2)).balance, Amount{300'000});
}

TEST_F(LedgerTest, ReleasesWithoutACharge) {
    open(1, holding(1000));
    reserve(1, 100);
    run(loop, ledger->release(test_channel(1)));
    EXPECT_FALSE(channel(1).reservation);
    EXPECT_EQ(channel(1).charged, Amount{0});
}

TEST_F(LedgerTest, ReleasesForADestructorAndThenGivesTheTurnBack) {
    open(1, holding(1000));
    auto turn = run(loop, ledger->turns().take(test_channel(1), std::chrono::seconds(1)));
    reserve(1, 100);
    ledger->release_later(std::move(*turn));
    EXPECT_TRUE(ledger->turns().is_taken(test_channel(1)));
    loop.restart();
    loop.run();
    EXPECT_FALSE(ledger->turns().is_taken(test_channel(1)));
    EXPECT_FALSE(channel(1).reservation);
}

TEST_F(LedgerTest, WritesTogetherWhatWaitsTogether) {
    for (std::uint8_t salt = 0; salt < 100; ++salt) open(salt, holding(1000));
    const auto rows = [&] {
        db::Database other{config().file};
        return other.read_now([](db::Session& s) {
            return s.first<std::int64_t>("SELECT count(*) FROM event").value();
        });
    };
    const auto before = rows();
    const auto spend = [&](std::uint8_t salt) -> Task<void> {
        Reservation reservation{{test_channel(salt), Amount{10}}, {}, Amount{10}, {}};
        co_await ledger->reserve(std::move(reservation));
        co_await ledger->charge(test_channel(salt), Amount{7}, {});
    };
    for (std::uint8_t salt = 0; salt < 100; ++salt) {
        boost::asio::co_spawn(loop, spend(salt), boost::asio::detached);
    }
    loop.restart();
    loop.run();
    EXPECT_EQ(rows() - before, 4) << "rows of 48 and of 52 events, twice";
    reopen();
    for (std::uint8_t salt = 0; salt < 100; ++salt) EXPECT_EQ(channel(salt).charged, Amount{7});
}

TEST_F(LedgerTest, KnowsWhatIsOnDiskOfACallThatWasBrokenOff) {
    open(1, holding(1000));
    boost::asio::cancellation_signal signal;
    const auto spend = [&]() -> Task<void> {
        Reservation reservation{{test_channel(1), Amount{10}}, {}, Amount{10}, {}};
        co_await ledger->reserve(std::move(reservation));
    };
    boost::asio::co_spawn(
        loop, spend(),
        boost::asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
    loop.restart();
    loop.poll();
    signal.emit(boost::asio::cancellation_type::terminal);
    loop.run();
    EXPECT_TRUE(channel(1).reservation);
    EXPECT_EQ(channel(1).maximum, Amount{10});
}

TEST_F(LedgerTest, HasOneWriter) {
    EXPECT_THROW(Ledger(loop.get_executor(), clock, config(), {}), RecordInUse);
}

TEST_F(LedgerTest, StopsForGoodWhenAnotherProgramTookTheRecordOver) {
    open(1, holding(1000));
    {
        db::Database other{config().file};
        other.write_now([](db::Session& s) { s.run("UPDATE writer SET number = number + 1"); });
    }
    EXPECT_THROW(reserve(1, 100), RecordBroken);
    EXPECT_NE(failure.find("another program"), std::string::npos) << failure;
    EXPECT_FALSE(channel(1).reservation) << "nothing is known that is not on disk";
    {
        db::Database other{config().file};
        other.write_now([](db::Session& s) { s.run("UPDATE writer SET number = number - 1"); });
    }
    EXPECT_THROW(reserve(1, 100), RecordBroken);
}

TEST_F(LedgerTest, StopsForGoodOnADiskError) {
    open(1, holding(1000));
    {
        db::Database other{config().file};
        other.write_now([](db::Session& s) { s.run("DROP TABLE event"); });
    }
    EXPECT_THROW(reserve(1, 100), RecordBroken);
    EXPECT_FALSE(failure.empty());
}

TEST_F(LedgerTest, CountsDepositsThatCouldBeUndoneOnlyUpToTheCredit) {
    ChainState state = holding(5'000'000);
    state.safe_balance = Amount{0};
    open(1, state);
    EXPECT_EQ(ledger->state_of(test_channel(1), channel(1)).balance, Amount{1'000'000});
    state.safe_balance = Amount{5'000'000};
    run(loop, ledger->mirror(test_channel(1), state));
    EXPECT_EQ(ledger->state_of(test_channel(1), channel(1)).balance, Amount{5'000'000});
}

TEST_F(LedgerTest, SharesAPayersCreditAmongItsChannels) {
    ChainState state = holding(5'000'000);
    state.safe_balance = Amount{0};
    open(1, state);
    open(2, state);
    reserve(1, 400'000);
    EXPECT_EQ(ledger->state_of(test_channel(2), channel(2)).balance, Amount{600'000});
    charge(1, 100'000);
    EXPECT_EQ(ledger->state_of(test_channel(2), channel(2)).balance, Amount{900'000});
}

TEST_F(LedgerTest, DoesNotCountWhatThePayerIsWithdrawing) {
    ChainState state = holding(1000);
    state.withdrawing = Amount{700};
    state.withdraw_requested_at = 1'800'000'000;
    open(1, state);
    EXPECT_EQ(ledger->state_of(test_channel(1), channel(1)).balance, Amount{300});
}

TEST_F(LedgerTest, DoesNotCountWhatASignedRefundCanTakeUntilItHas) {
    open(1, holding(1000));
    reserve(1, 100);
    charge(1, 100);
    const auto usable = [&] { return ledger->state_of(test_channel(1), channel(1)).balance; };
    run(loop, ledger->refund_signed(test_channel(1), 0, Amount{300}));
    EXPECT_EQ(usable(), Amount{700});
    run(loop, ledger->refund_signed(test_channel(1), 0, Amount{200}));
    EXPECT_EQ(usable(), Amount{700}) << "either of both may reach the chain";
    reopen();
    EXPECT_EQ(usable(), Amount{700});
    ChainState after = holding(700);
    after.refund_nonce = 1;
    run(loop, ledger->mirror(test_channel(1), after));
    EXPECT_EQ(usable(), Amount{700});
    run(loop, ledger->refund_signed(test_channel(1), 1, Amount{500}));
    EXPECT_EQ(usable(), Amount{200});
    run(loop, ledger->mirror(test_channel(1), holding(1000)));
    EXPECT_EQ(usable(), Amount{100}) << "a fork undid the first: both are on their way";
}

TEST_F(LedgerTest, CountsADepositThatCouldBeUndoneUpToTheCreditBesideAWithdrawalOfTheRest) {
    ChainState state = holding(8'000'000);
    state.safe_balance = Amount{3'000'000};
    state.withdrawing = Amount{3'000'000};
    state.withdraw_requested_at = 1'800'000'000;
    open(1, state);
    EXPECT_EQ(ledger->state_of(test_channel(1), channel(1)).balance, Amount{1'000'000});
}

TEST_F(LedgerTest, BooksADepositThatAReorganisationTookBackAsLost) {
    open(1, holding(1000));
    reserve(1, 400);
    charge(1, 400);
    run(loop, ledger->mirror(test_channel(1), holding(0)));
    EXPECT_EQ(channel(1).lost, Amount{400});
    EXPECT_TRUE(channel(1).short_of_balance());
    reopen();
    EXPECT_EQ(channel(1).lost, Amount{400});
    run(loop, ledger->mirror(test_channel(1), holding(1000)));
    EXPECT_EQ(channel(1).lost, Amount{0});
}

TEST_F(LedgerTest, OpensAClosedChannelAgain) {
    open(1, holding(1000));
    run(loop, ledger->close(test_channel(1)));
    EXPECT_EQ(ledger->book().find(test_channel(1)), nullptr);
    EXPECT_TRUE(ledger->book().of_payer(account(1)).empty());
    open(1, holding(2000, 1000));
    reopen();
    EXPECT_EQ(channel(1).charged, Amount{1000});
}

TEST_F(LedgerTest, RemembersDepositsUntilTheirBlocksAreFinal) {
    const SignedDeposit deposit{Amount{77}, 0, 2, 12345, ByteVector(65, 7)};
    run(loop, ledger->deposit_accepted(test_channel(1), test_config(1), deposit));
    run(loop, ledger->deposit_included(test_channel(1), 12345, {}, 44));
    reopen();
    ASSERT_NE(ledger->book().deposit(test_channel(1), 12345), nullptr);
    EXPECT_EQ(ledger->book().deposit(test_channel(1), 12345)->deposit, deposit);
    ledger->finalized(43);
    EXPECT_NE(ledger->book().deposit(test_channel(1), 12345), nullptr);
    ledger->finalized(44);
    EXPECT_EQ(ledger->book().deposit(test_channel(1), 12345), nullptr);
}

TEST_F(LedgerTest, OwesOneAnswerForAOneOffPayment) {
    ExactSettled settled;
    settled.payment.bytes.fill(1);
    run(loop, ledger->exact_settled(settled));
    reopen();
    EXPECT_NE(ledger->book().owed(settled.payment), nullptr);
    run(loop, ledger->exact_served(settled.payment));
    EXPECT_EQ(ledger->book().owed(settled.payment), nullptr);
    reopen();
    EXPECT_EQ(ledger->book().owed(settled.payment), nullptr);
}

TEST_F(LedgerTest, CanBeReadWhileItIsWritten) {
    open(1, holding(1000));
    Book other;
    Record::read(config().file, [&](const Event& event) { other.apply(event); });
    EXPECT_EQ(other.channels(), ledger->book().channels());
}

/// What a killed child had been told was durable.
struct Told {
    std::uint8_t salt;
    std::uint64_t charged;
};

/// Reserves and charges on eight channels at once, and says through the pipe what is durable.
[[noreturn]] void spend_until_killed(const std::filesystem::path& file, int pipe) {
    boost::asio::io_context loop;
    const io::SystemClock clock;
    LedgerConfig config;
    config.file = file;
    Ledger ledger(loop.get_executor(), clock, config, {});
    const auto spend = [&](std::uint8_t salt) -> Task<void> {
        const ChannelId id = test_channel(salt);
        if (!ledger.book().find(id)) co_await ledger.open(id, test_config(salt), holding(1 << 30));
        for (std::uint64_t i = 0;; ++i) {
            const Amount charged = ledger.book().find(id)->charged;
            Reservation reservation{{id, charged + Amount{10}}, {}, Amount{10}, {}};
            co_await ledger.reserve(std::move(reservation));
            co_await ledger.charge(id, Amount{i % 11}, {});
            const Told told{salt,
                            static_cast<std::uint64_t>(ledger.book().find(id)->charged.units)};
            if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(3);
        }
    };
    for (std::uint8_t salt = 0; salt < 8; ++salt) {
        boost::asio::co_spawn(loop, spend(salt), boost::asio::detached);
    }
    loop.run();
    ::_exit(2);
}

TEST(Ledger, LosesNothingThatItAcknowledgedWhenItIsKilled) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "ledger.sqlite";
    std::array<std::uint64_t, 8> acknowledged{};
    std::mt19937 random{42};
    for (int round = 0; round < 8; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) spend_until_killed(file, pipe[1]);
        ::close(pipe[1]);
        Told told{};
        const unsigned until = 1 + static_cast<unsigned>(random() % 200);
        for (unsigned i = 0; i < until; ++i) {
            ASSERT_EQ(::read(pipe[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
            acknowledged.at(told.salt) = told.charged;
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(pipe[0], &told, sizeof told) == static_cast<ssize_t>(sizeof told)) {
            acknowledged.at(told.salt) = told.charged;
        }
        ::close(pipe[0]);

        boost::asio::io_context loop;
        const io::SystemClock clock;
        LedgerConfig config;
        config.file = file;
        const Ledger ledger(loop.get_executor(), clock, config, {});
        for (std::uint8_t salt = 0; salt < 8; ++salt) {
            const Channel* channel = ledger.book().find(test_channel(salt));
            if (!channel) {
                EXPECT_EQ(acknowledged.at(salt), 0U);
                continue;
            }
            EXPECT_GE(channel->charged, Amount{acknowledged.at(salt)});
            EXPECT_LE(channel->charged, Amount{acknowledged.at(salt) + 10})
                << "at most one charge was durable and not yet acknowledged";
            EXPECT_LE(channel->charged, channel->maximum);
            EXPECT_FALSE(channel->reservation);
        }
    }
}

}  // namespace
}  // namespace stoa::ledger
