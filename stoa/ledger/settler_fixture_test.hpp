#pragma once

#include <fstream>

#include <boost/asio/detached.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/chain/deployment.hpp"
#include "stoa/chain/http_rpc.hpp"
#include "stoa/chain/process.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/ledger/deposits.hpp"
#include "stoa/ledger/fixture_test.hpp"
#include "stoa/ledger/settler.hpp"
#include "stoa/ledger/transfers.hpp"

namespace stoa::ledger {

inline const std::filesystem::path kSource = STOA_SOURCE_DIR;
inline const std::filesystem::path kAnvil =
    kSource / "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
inline const std::filesystem::path kGenesis = kSource / "build/genesis/1337.json";

/// Of anvil's public mnemonic: 0 pays gas, 1 buys, 2 is its session key, 3 authorises claims.
inline keys::LocalSigner anvil_account(std::size_t number) {
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
             "--load-state", kGenesis, "--slots-in-an-epoch", std::to_string(slots), "--silent"},
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
        ledger_config.unsafe_credit_per_payer = credit;
        const auto executor = loop.get_executor();
        ledger = std::make_unique<Ledger>(executor, clock, ledger_config, nullptr);
        mirror = std::make_unique<Mirror>(executor, *ledger, ChannelReader(endpoint()));
        database = std::make_unique<db::Database>(folder.path() / "operator.sqlite");
        sender = std::make_unique<chain::Sender>(endpoint(), *database, gas_payer, sender_clock(),
                                                 kTestChain, sender_config);
        deposits = std::make_unique<Deposits>(*ledger, *mirror, *sender, domain);
        settler = std::make_unique<Settler>(*ledger, *mirror, *sender, authorizer, domain, clock,
                                            executor);
    }

    /// What stands between the node and the chain, and whose time its sender goes by.
    virtual chain::Rpc& endpoint() { return *rpc; }
    virtual const io::Clock& sender_clock() const { return clock; }

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
        co_await pay_in(salt, amount, 1);
        auto state = co_await mirror->reader().state(id(salt));
        co_await ledger->open(id(salt), config(salt), std::move(state));
    }
    Task<void> open_again(std::uint8_t salt, std::uint64_t amount) {
        co_await pay_in(salt, amount, 2);
    }

    Task<void> pay_in(std::uint8_t salt, std::uint64_t amount, std::uint64_t nonce) {
        const ChannelId channel_id = id(salt);
        const payment::TokenAuthorization authorization{
            payer.address(), payment::kErc3009Collector,
            Amount{amount},  0,
            4'000'000'000,   payment::deposit_nonce(channel_id, nonce)};
        const Hash256 separator = eth::domain_separator({"Test USD", "1", U256{kTestChain}, token});
        const auto signature = payer.sign_typed_digest(
            payment::receive_authorization_digest(separator, authorization));
        SignedDeposit deposit{Amount{amount}, 0, 4'000'000'000, nonce,
                              ByteVector(signature.bytes.begin(), signature.bytes.end())};
        const auto done = co_await deposits->carry(channel_id, config(salt), std::move(deposit));
        if (!done) throw std::runtime_error(done.error().message());
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

    Task<void> mine(std::uint64_t blocks) {
        chain::json::array params;
        params.emplace_back(chain::to_quantity(blocks));
        co_await rpc->get("anvil_mine", std::move(params));
    }

    unsigned slots = 1;  ///< How far the `safe` block is behind the newest.
    Amount credit{1'000'000};
    chain::SenderConfig sender_config;
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

}  // namespace stoa::ledger
