#include "stoa/chain/embedded.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "stoa/chain/anvil_test.hpp"
#include "stoa/io/file.hpp"

namespace stoa::chain::testing {
namespace {

using namespace std::chrono_literals;
constexpr auto kTo = eth::address_literal("0x00000000000000000000000000000000000f0f0f");

/// A folder with an embedded chain, whose anvil is ended whatever happens.
struct Home {
    explicit Home(Loop& on) : loop(on) {}
    ~Home() {
        if (const auto left = read_pid_file(folder / "anvil.pid")) end_process(*left, 10s);
    }

    std::unique_ptr<Embedded> make() {
        config.anvil = anvil_path();
        config.folder = folder.path();
        config.chain_id = kChainId;
        return std::make_unique<Embedded>(config, loop.client, loop.pool);
    }

    /// Pays 1 wei with the given nonce, and waits for the block.
    Task<void> pay(Embedded& chain, std::uint64_t nonce) {
        eth::Transaction transaction;
        transaction.chain_id = kChainId;
        transaction.nonce = nonce;
        transaction.max_fee = 50'000'000'000;
        transaction.max_priority_fee = 1'000'000'000;
        transaction.gas_limit = 21'000;
        transaction.to = kTo;
        transaction.value = 1;
        const json::string raw(to_hex(signer(2).sign_transaction(transaction)));
        const auto hash = read_hash(co_await chain.rpc().get("eth_sendRawTransaction", list(raw)));
        while (!co_await receipt(chain.rpc(), hash)) co_await io::sleep_for(10ms);
    }

    Task<std::uint64_t> paid(Embedded& chain) {
        co_return static_cast<std::uint64_t>(co_await native_balance(chain.rpc(), kTo));
    }

    Folder folder;
    Loop& loop;
    EmbeddedConfig config;
};

TEST(embedded, it_ends_with_its_state_and_goes_on_with_it) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::fresh);
        const auto genesis = co_await header(chain->rpc(), std::uint64_t{0});
        co_await home.pay(*chain, 0);
        co_await home.pay(*chain, 1);
        EXPECT_EQ(chain->kept(), 2U);
        const auto process = chain->process();
        co_await chain->stop();
        EXPECT_FALSE(is_alive(process));
        EXPECT_FALSE(std::filesystem::exists(home.folder / "anvil.pid"));

        chain = home.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::resumed);
        EXPECT_EQ(co_await home.paid(*chain), 2U);
        EXPECT_EQ((co_await header(chain->rpc(), std::uint64_t{0}))->id, genesis->id);
        EXPECT_EQ(chain->kept(), 0U);
        co_await home.pay(*chain, 2);
        co_await chain->stop();
    });
}

TEST(embedded, what_is_set_aside_holds_one_first_block_however_often_it_was_loaded) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        std::optional<BlockId> first;
        for (std::uint64_t round = 0; round < 3; ++round) {
            auto chain = home.make();
            co_await chain->start();
            const auto genesis = co_await header(chain->rpc(), std::uint64_t{0});
            if (!first) first = genesis->id;
            EXPECT_EQ(genesis->id, *first);
            co_await home.pay(*chain, round);
            co_await chain->stop();
            const auto state = json::parse(io::read_file(home.folder / "state.json", 1 << 26));
            std::size_t firsts = 0;
            for (const auto& block : state.at("blocks").as_array()) {
                if (read_number(block.at("header").at("number")) == 0) ++firsts;
            }
            EXPECT_EQ(firsts, 1U) << "in round " << round;
        }
    });
}

TEST(embedded, one_that_still_runs_is_adopted) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        co_await chain->start();
        const auto genesis = co_await header(chain->rpc(), std::uint64_t{0});
        co_await home.pay(*chain, 0);
        const auto process = chain->process();
        chain.reset();
        EXPECT_TRUE(is_alive(process));

        home.config.genesis_hash = genesis->id.hash;
        chain = home.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::adopted);
        EXPECT_EQ(chain->process().pid, process.pid);
        EXPECT_EQ(co_await home.paid(*chain), 1U);
        co_await chain->stop();
    });
}

TEST(embedded, after_a_kill_transactions_that_no_dump_held_are_sent_again) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        co_await chain->start();
        co_await home.pay(*chain, 0);
        co_await chain->dump();
        EXPECT_EQ(chain->kept(), 0U);
        co_await home.pay(*chain, 1);
        co_await home.pay(*chain, 2);
        EXPECT_EQ(chain->kept(), 2U);
        const auto process = chain->process();
        ::kill(process.pid, SIGKILL);
        while (is_alive(process)) co_await io::sleep_for(10ms);

        chain = home.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::resumed);
        while (co_await home.paid(*chain) < 3) co_await io::sleep_for(10ms);
        EXPECT_EQ(co_await nonce(chain->rpc(), signer(2).address()), 3U);
        co_await chain->stop();
    });
}

TEST(embedded, a_pid_that_is_another_process_by_now_is_left_alone) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        const auto other = spawn_detached("/bin/sleep", {"600"}, "/dev/null");
        write_pid_file(home.folder / "anvil.pid", {other.pid, other.started + 1});
        io::write_file_atomic(home.folder / "anvil.port", "1");
        auto chain = home.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::fresh);
        EXPECT_TRUE(is_alive(other));
        end_process(other, 5s);
        co_await chain->stop();
    });
}

TEST(embedded, a_busy_port_is_told_by_its_number) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    const Anvil other;
    home.loop.run([&]() -> Task<void> {
        co_await other.connect(home.loop);
        home.config.port = other.port();
        auto chain = home.make();
        std::string why;
        try {
            co_await chain->start();
        } catch (const std::runtime_error& failure) {
            why = failure.what();
        }
        EXPECT_THAT(why, ::testing::HasSubstr(std::to_string(other.port())));
        EXPECT_THAT(why, ::testing::HasSubstr("chain.port"));
    });
}

TEST(embedded, a_genesis_that_was_built_anew_begins_another_chain) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        co_await chain->start();
        co_await home.pay(*chain, 0);
        co_await chain->dump();
        const auto one = io::read_file(home.folder / "state.json", 1 << 24);
        co_await home.pay(*chain, 1);
        co_await chain->dump();
        const auto two = io::read_file(home.folder / "state.json", 1 << 24);
        co_await chain->stop();

        Home built(loop);
        built.config.genesis = built.folder / "genesis.json";
        io::write_file_atomic(built.config.genesis, one);
        chain = built.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::fresh);
        EXPECT_EQ(co_await built.paid(*chain), 1U);
        const auto process = chain->process();
        chain.reset();

        io::write_file_atomic(built.config.genesis, two);
        chain = built.make();
        EXPECT_EQ(co_await chain->start(), Embedded::Started::fresh);
        EXPECT_FALSE(is_alive(process));
        EXPECT_EQ(co_await built.paid(*chain), 2U);
        co_await chain->stop();
    });
}

TEST(embedded, a_chain_that_is_not_the_deployments_is_refused) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.config.genesis_hash = Hash256{};
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        EXPECT_THROW(co_await chain->start(), WrongChain);
    });
}

TEST(embedded, an_anvil_that_hangs_holds_neither_the_end_nor_what_it_took) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.config.last_dump = 200ms;
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        co_await chain->start();
        co_await home.pay(*chain, 0);
        const auto hung = chain->process();
        ::kill(hung.pid, SIGSTOP);
        co_await chain->stop();
        EXPECT_FALSE(is_alive(hung));
        chain = home.make();
        co_await chain->start();
        for (std::uint64_t paid = 0; paid != 1;) {
            paid = co_await home.paid(*chain);
            co_await io::sleep_for(10ms);
        }
        co_await chain->stop();
    });
}

TEST(embedded, when_anvil_dies_it_is_started_again) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    Home home(loop);
    home.loop.run([&]() -> Task<void> {
        auto chain = home.make();
        co_await chain->start();
        co_await home.pay(*chain, 0);
        const auto first = chain->process();
        boost::asio::cancellation_signal stop;
        boost::asio::co_spawn(
            co_await boost::asio::this_coro::executor, chain->run(),
            boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
        ::kill(first.pid, SIGKILL);
        while (chain->process().pid == first.pid) co_await io::sleep_for(10ms);
        for (;;) {
            try {
                if (co_await home.paid(*chain) == 1) break;
            } catch (const RpcFailure&) {
            }
            co_await io::sleep_for(10ms);
        }
        stop.emit(boost::asio::cancellation_type::terminal);
        co_await chain->stop();
    });
}

}  // namespace
}  // namespace stoa::chain::testing
