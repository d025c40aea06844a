#include "stoa/ledger/settler.hpp"

#include <fstream>

#include <boost/asio/detached.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/chain/deployment.hpp"
#include "stoa/chain/http_rpc.hpp"
#include "stoa/chain/process.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/ledger/deposits.hpp"
#include "stoa/ledger/fixture_test.hpp"
#include "stoa/ledger/transfers.hpp"

namespace stoa::ledger {
namespace {

const std::filesystem::path kSource = STOA_SOURCE_DIR;
const std::filesystem::path kAnvil =
    kSource / "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
const std::filesystem::path kGenesis = kSource / "build/genesis/1337.json";

/// Of anvil's public mnemonic: 0 pays gas, 1 buys, 2 is its session key, 3 authorises claims.
keys::LocalSigner anvil_account(std::size_t number) {
    constexpr std::array kKeys{
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"};
    return keys::LocalSigner(
        keys::Secret::from_bytes(parse_hash(kKeys.at(number)).value().bytes).value());
}

/// A ledger on a chain of its own, with the contracts as they are deployed.
class SettlerTest : public testing::Test {
  protected:
    static bool can_run() {
        return std::filesystem::exists(kAnvil) && std::filesystem::exists(kGenesis);
    }

    void SetUp() override {
        if (!can_run()) {
            const char* how = "run npm ci and npm run genesis in contracts/";
            if (std::getenv("STOA_MAY_SKIP") != nullptr) GTEST_SKIP() << how;
            FAIL() << how << ", or set STOA_MAY_SKIP";
        }
        const auto port = chain::free_port();
        anvil = chain::spawn_detached(
            kAnvil,
            {"--port", std::to_string(port), "--chain-id", std::to_string(kTestChain),
             "--load-state", kGenesis, "--slots-in-an-epoch", "1", "--silent"},
            folder.path() / "anvil.log");
        chain::HttpRpcConfig config;
        config.urls = {"http://127.0.0.1:" + std::to_string(port)};
        config.pin.chain_id = kTestChain;
        config.cooldown = std::chrono::milliseconds(0);
        rpc = std::make_unique<chain::HttpRpc>(client, pool, config);
        token = chain::read_deployment(kSource / "deployments/1337.json").contract("TestUSD");
        receiver = account(0x77);
        build();
        run_all(wait_for_chain());
    }

    void build() {
        LedgerConfig ledger_config;
        ledger_config.file = folder.path() / "ledger.sqlite";
        const auto executor = loop.get_executor();
        ledger = std::make_unique<Ledger>(executor, clock, ledger_config, nullptr);
        mirror = std::make_unique<Mirror>(executor, *ledger, ChannelReader(*rpc));
        database = std::make_unique<db::Database>(folder.path() / "operator.sqlite");
        sender = std::make_unique<chain::Sender>(*rpc, *database, gas_payer, clock, kTestChain);
        deposits = std::make_unique<Deposits>(*ledger, *mirror, *sender, domain);
        settler = std::make_unique<Settler>(*ledger, *mirror, *sender, authorizer, domain, clock,
                                            executor);
    }

    void TearDown() override {
        settler.reset();
        deposits.reset();
        sender.reset();
        mirror.reset();
        ledger.reset();
        database.reset();
        rpc.reset();
        if (anvil.pid != 0) chain::end_process(anvil, std::chrono::milliseconds(0));
    }

    Task<void> wait_for_chain() {
        for (int tries = 0; tries < 200; ++tries) {
            try {
                co_await chain::chain_id(*rpc);
                co_return;
            } catch (const chain::RpcFailure&) {
            }
            co_await io::sleep_for(std::chrono::milliseconds(50));
        }
        throw std::runtime_error("anvil does not start");
    }

    /// With the sender's rounds beside it.
    void run_all(Task<void> task) {
        std::exception_ptr thrown;
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure) {
            thrown = failure;
            loop.stop();
        });
        if (!rounds) {
            rounds = true;
            boost::asio::co_spawn(loop, sender->run(), boost::asio::detached);
        }
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    payment::ChannelConfig config(std::uint8_t salt) const {
        payment::ChannelConfig it{
            payer.address(), session.address(), receiver, authorizer.address(), token, 3600, {}};
        it.salt.bytes[31] = salt;
        return it;
    }
    ChannelId id(std::uint8_t salt) const { return domain.channel_id(config(salt)); }
    const Channel& channel(std::uint8_t salt) const { return *ledger->book().find(id(salt)); }

    Task<void> open(std::uint8_t salt, std::uint64_t amount) {
        const ChannelId channel_id = id(salt);
        const payment::TokenAuthorization authorization{
            payer.address(), payment::kErc3009Collector,           Amount{amount}, 0,
            4'000'000'000,   payment::deposit_nonce(channel_id, 1)};
        const Hash256 separator = eth::domain_separator({"Test USD", "1", U256{kTestChain}, token});
        const auto signature = payer.sign_typed_digest(
            payment::receive_authorization_digest(separator, authorization));
        SignedDeposit deposit{Amount{amount}, 0, 4'000'000'000, 1,
                              ByteVector(signature.bytes.begin(), signature.bytes.end())};
        const auto done = co_await deposits->carry(channel_id, config(salt), std::move(deposit));
        if (!done) throw std::runtime_error(done.error().message());
        auto state = co_await mirror->reader().state(channel_id);
        co_await ledger->open(channel_id, config(salt), std::move(state));
    }

    Task<void> earn(std::uint8_t salt, std::uint64_t charge, bool well_signed = true) {
        Reservation reservation;
        reservation.voucher = {id(salt), channel(salt).charged + Amount{1000}};
        reservation.signature = (well_signed ? session : authorizer)
                                    .sign_typed_digest(domain.voucher_digest(reservation.voucher));
        reservation.amount = Amount{1000};
        co_await ledger->reserve(std::move(reservation));
        const payment::Usage usage{1, 1};
        co_await ledger->charge(id(salt), Amount{charge}, usage);
    }

    payment::TokenAuthorization one_off(std::uint8_t nonce, std::uint64_t amount) const {
        payment::TokenAuthorization it{payer.address(), receiver, Amount{amount}, 0,
                                       4'000'000'000,   {}};
        it.nonce.bytes[31] = nonce;
        return it;
    }
    ExactBegun wish_of(const payment::TokenAuthorization& a) const {
        return {transfer_id(token, a), a.from, a.to, token, a.value, {}, 0};
    }
    ByteVector call_of(const payment::TokenAuthorization& a) const {
        const Hash256 separator = eth::domain_separator({"Test USD", "1", U256{kTestChain}, token});
        const auto signature =
            payer.sign_typed_digest(payment::transfer_authorization_digest(separator, a));
        return transfer_call(a, ByteVector(signature.bytes.begin(), signature.bytes.end()));
    }

    /// Sent by the payer itself.
    Task<void> ask_for_everything_back(std::uint8_t salt, std::uint64_t amount) {
        static const eth::abi::Function function{
            "initiateWithdraw((address,address,address,address,address,uint40,bytes32),uint128)"};
        using eth::abi::Value;
        const payment::ChannelConfig c = config(salt);
        const std::vector<Value> members{
            c.payer, c.payer_authorizer,       c.receiver, c.receiver_authorizer,
            c.token, c.withdraw_delay_seconds, c.salt};
        db::Database payers{folder.path() / "payer.sqlite"};
        chain::Sender sends(*rpc, payers, payer, clock, kTestChain);
        chain::Job job;
        job.id = "withdraw";
        job.to = payment::kChannels;
        job.data = function.encode({Value(members), Amount{amount}});
        const auto sent = co_await sends.submit(std::move(job));
        if (!sent) throw std::runtime_error(sent.error().message);
        for (int rounds_left = 100; rounds_left > 0; --rounds_left) {
            co_await sends.step();
            const auto status = co_await sends.status("withdraw");
            if (status && status->state == chain::JobState::included) co_return;
            co_await io::sleep_for(std::chrono::milliseconds(20));
        }
    }

    TemporaryFolder folder;
    boost::asio::io_context loop;
    io::Client client{loop.get_executor()};
    io::Pool pool{1};
    io::SystemClock clock;
    payment::ChannelDomain domain{kTestChain};
    keys::LocalSigner gas_payer = anvil_account(0);
    keys::LocalSigner payer = anvil_account(1);
    keys::LocalSigner session = anvil_account(2);
    keys::LocalSigner authorizer = anvil_account(3);
    eth::Address token;
    eth::Address receiver;
    chain::Process anvil;
    std::unique_ptr<chain::HttpRpc> rpc;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<Ledger> ledger;
    std::unique_ptr<Mirror> mirror;
    std::unique_ptr<chain::Sender> sender;
    std::unique_ptr<Deposits> deposits;
    std::unique_ptr<Settler> settler;
    bool rounds = false;
};

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
