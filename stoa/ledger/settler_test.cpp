#include "stoa/ledger/settler_fixture_test.hpp"

namespace stoa::ledger {
namespace {

TEST_F(SettlerTest, BringsWhatWasEarnedToTheReceiver) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 1'000'000);
        EXPECT_EQ(channel(1).chain.balance, Amount{1'000'000});
        co_await earn(1, 137);
        co_await settler->step();
        EXPECT_EQ(channel(1).chain.claimed, Amount{0}) << "too little to be worth the gas";
        co_await settler->settle_everything();
        EXPECT_EQ(channel(1).chain.claimed, Amount{137});
        const Amount paid = co_await mirror->reader().token_balance(token, receiver);
        EXPECT_EQ(paid, Amount{137});
        const auto again = co_await settler->settle_now(receiver, token);
        EXPECT_EQ(again.error(), payment::PaymentError::nothing_to_settle);
    };
    run_all(story());
}

TEST_F(SettlerTest, RefundsTheRestAndClaimsWhatIsOwedAtOnce) {
    const auto story = [&]() -> Task<void> {
        const Amount before = co_await mirror->reader().token_balance(token, payer.address());
        co_await open(1, 1'000'000);
        co_await earn(1, 137);
        const auto turn = co_await ledger->turns().take(id(1), std::chrono::seconds(0));
        const auto part = co_await settler->refund(*turn, Amount{400'000});
        EXPECT_TRUE(part);
        EXPECT_EQ(channel(1).chain.claimed, Amount{137});
        const auto rest = co_await settler->refund(*turn, std::nullopt);
        EXPECT_EQ(rest->amount, Amount{1'000'000 - 137 - 400'000});
        EXPECT_EQ(channel(1).chain.balance, Amount{137});
        EXPECT_EQ(channel(1).chain.refund_nonce, 2);
        const Amount after = co_await mirror->reader().token_balance(token, payer.address());
        EXPECT_EQ(after, before - Amount{137});
        const auto none = co_await settler->refund(*turn, std::nullopt);
        EXPECT_EQ(none.error(), payment::PaymentError::refund_no_balance);
        co_await settler->step();
        const Amount paid = co_await mirror->reader().token_balance(token, receiver);
        EXPECT_EQ(paid, Amount{137}) << "what a refund claimed is paid out too";
    };
    run_all(story());
}

TEST_F(SettlerTest, ClaimsTheGoodRowsOfABatchThatHasABadOne) {
    const auto story = [&]() -> Task<void> {
        for (std::uint8_t salt = 1; salt <= 3; ++salt) {
            co_await open(salt, 10'000);
            co_await earn(salt, 100, salt != 2);
        }
        co_await settler->settle_everything();
        EXPECT_EQ(channel(1).chain.claimed, Amount{100});
        EXPECT_EQ(channel(2).chain.claimed, Amount{0});
        EXPECT_EQ(channel(3).chain.claimed, Amount{100});
        EXPECT_TRUE(settler->claims(receiver, token).empty()) << "the bad row is left alone";
        const Amount paid = co_await mirror->reader().token_balance(token, receiver);
        EXPECT_EQ(paid, Amount{200});
    };
    run_all(story());
}

TEST_F(SettlerTest, ClaimsAtOnceWhenAPayerLeaves) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 10'000);
        co_await earn(1, 100);
        co_await ask_for_everything_back(1, 10'000);
        co_await mirror->refresh(id(1));
        EXPECT_NE(channel(1).chain.withdraw_requested_at, 0);
        EXPECT_EQ(ledger->state_of(id(1), channel(1)).balance, Amount{0});
        co_await settler->step();
        EXPECT_EQ(channel(1).chain.claimed, Amount{100});
    };
    run_all(story());
}

TEST_F(SettlerTest, ClaimsBeforeTheEndOnlyWhatIsDue) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 1'000'000);
        co_await earn(1, 137);
        co_await settler->settle_due();
        EXPECT_EQ(channel(1).chain.claimed, Amount{0});
        SettlerConfig config;
        config.threshold = Amount{137};
        Settler ends(*ledger, *mirror, *sender, authorizer, domain, clock, loop.get_executor(),
                     config);
        co_await ends.settle_due();
        EXPECT_EQ(channel(1).chain.claimed, Amount{137});
        const Amount paid = co_await mirror->reader().token_balance(token, receiver);
        EXPECT_EQ(paid, Amount{137});
        EXPECT_EQ(channel(1).chain.balance, Amount{1'000'000}) << "nobody's rest is touched";
    };
    run_all(story());
}

TEST_F(SettlerTest, GivesIdleChannelsTheirRestBackUnasked) {
    const auto story = [&]() -> Task<void> {
        co_await open(1, 1'000'000);
        co_await earn(1, 137);
        co_await settler->step();
        EXPECT_EQ(channel(1).chain.balance, Amount{1'000'000}) << "seven days have not passed";
        SettlerConfig config;
        config.idle_refund = std::chrono::seconds(0);
        Settler later(*ledger, *mirror, *sender, authorizer, domain, clock, loop.get_executor(),
                      config);
        co_await later.step();
        EXPECT_EQ(channel(1).chain.balance, Amount{137});
        EXPECT_EQ(channel(1).chain.claimed, Amount{137});
    };
    run_all(story());
}

TEST_F(SettlerTest, OwesTheAnswerOfAPaymentWhoseTransactionACrashCutOff) {
    const auto authorized = one_off(1, 500);
    const auto wish = wish_of(authorized);
    const auto before = [&]() -> Task<void> {
        co_await ledger->exact_begun(wish);
        chain::Job job;
        job.id = "exact:" + to_hex(wish.payment);
        job.to = token;
        job.data = call_of(authorized);
        const auto sent = co_await sender->submit(std::move(job));
        EXPECT_TRUE(sent);
    };
    run_all(before());
    ledger.reset();  // As the crash leaves it: the transaction is out, the record lacks it.
    LedgerConfig config;
    config.file = folder.path() / "ledger.sqlite";
    ledger = std::make_unique<Ledger>(loop.get_executor(), clock, config, nullptr);
    ASSERT_TRUE(ledger->book().begun(wish.payment));
    const auto after = [&]() -> Task<void> {
        Transfers transfers(*ledger, *sender);
        co_await transfers.resolve();
        const auto* owed = ledger->book().owed(wish.payment);
        EXPECT_TRUE(owed && owed->amount == Amount{500});
        EXPECT_FALSE(ledger->book().begun(wish.payment));
        const Amount paid = co_await mirror->reader().token_balance(token, receiver);
        EXPECT_EQ(paid, Amount{500}) << "once";
    };
    run_all(after());
}

TEST_F(SettlerTest, ForgetsAPaymentThatWasNeverSent) {
    const auto wish = wish_of(one_off(2, 500));
    const auto story = [&]() -> Task<void> {
        co_await ledger->exact_begun(wish);
        Transfers transfers(*ledger, *sender);
        co_await transfers.resolve();
        EXPECT_FALSE(ledger->book().begun(wish.payment));
        EXPECT_FALSE(ledger->book().owed(wish.payment));
        auto call = call_of(one_off(2, 500));
        const auto paid = co_await transfers.carry(wish, std::move(call));
        EXPECT_TRUE(paid && ledger->book().owed(wish.payment));
        auto unsigned_call = transfer_call(one_off(3, 500), ByteVector(65, 1));
        const auto other = wish_of(one_off(3, 500));
        const auto refused = co_await transfers.carry(other, std::move(unsigned_call));
        EXPECT_EQ(refused.error(), payment::PaymentError::exact_simulation_failed);
        EXPECT_FALSE(ledger->book().begun(other.payment));
    };
    run_all(story());
}

}  // namespace
}  // namespace stoa::ledger
