#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

TEST(Credit, IsUsedByACallThatRunsOnADepositThatAForkUndid) {
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    io::ManualClock clock{unix_time(1'800'000'000)};
    LedgerConfig config;
    config.file = folder.path() / "ledger.sqlite";
    Ledger ledger(loop.get_executor(), clock, config, nullptr);
    ChainState unsafe = holding(5'000'000);
    unsafe.safe_balance = Amount{0};
    run(loop, ledger.open(test_channel(1), test_config(1), unsafe));
    run(loop, ledger.open(test_channel(2), test_config(2), unsafe));
    const auto usable = [&] {
        return ledger.state_of(test_channel(2), *ledger.book().find(test_channel(2))).balance;
    };
    EXPECT_EQ(usable(), Amount{1'000'000});
    run(loop, ledger.reserve({{test_channel(1), Amount{800'000}}, {}, Amount{800'000}, {}}));
    run(loop, ledger.mirror(test_channel(1), holding(0)));
    EXPECT_EQ(usable(), Amount{200'000});
    EXPECT_EQ(ledger.book().find(test_channel(1))->lost, Amount{0});
    run(loop, ledger.charge(test_channel(1), Amount{300'000}, {}));
    EXPECT_EQ(ledger.book().find(test_channel(1))->lost, Amount{300'000});
    EXPECT_EQ(usable(), Amount{700'000});
}

}  // namespace
}  // namespace stoa::ledger
