#include "stoa/chain/sender.hpp"

#include <gmock/gmock.h>

#include <set>

#include "stoa/chain/anvil_test.hpp"

namespace stoa::chain::testing {
namespace {

using namespace std::chrono_literals;

/// A sender over a database that outlives it, on an anvil that mines when told to.
struct Sending {
    explicit Sending(std::vector<std::string> more = {}) : anvil(std::move(more)) {
        loop.run([this]() -> Task<void> {
            rpc = co_await anvil.connect(loop);
            contract = co_await deploy_counter(*rpc);
        });
        config.poll = 5ms;
        open();
    }

    void open() {
        sender.reset();
        database.reset();
        database = std::make_unique<db::Database>(folder / "jobs");
        sender = std::make_unique<Sender>(*rpc, *database, key, clock, kChainId, config);
    }

    Job job(std::string id, std::uint64_t n = 1) const {
        return {std::move(id), contract, word_of(n), 0, std::nullopt};
    }

    Task<std::uint64_t> used(Tag tag = Tag::latest) { return nonce(*rpc, key.address(), tag); }
    Task<void> tell(std::string method, json::array params = {}) {
        co_await rpc->get(std::move(method), std::move(params));
    }
    Task<void> hold() {
        co_await tell("evm_setAutomine", list(false));
        co_await tell("evm_setIntervalMining", list(0));
    }
    Task<void> mine() { co_await tell("anvil_mine", list("0x1")); }
    Task<std::size_t> sent() { return used(); }

    Loop loop;
    Folder folder;
    Anvil anvil;
    keys::LocalSigner key = signer(3);
    io::ManualClock clock{unix_time(1'800'000'000)};
    SenderConfig config;
    std::unique_ptr<HttpRpc> rpc;
    eth::Address contract;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<Sender> sender;
};

TEST(sender, a_job_is_included_and_its_logs_come_back) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        const auto receipt = co_await it.sender->send(it.job("a", 3), 20s);
        EXPECT_TRUE(receipt.has_value());
        EXPECT_EQ(receipt->logs.size(), 3U);
        EXPECT_GT(receipt->gas_price, 0);
        const auto status = co_await it.sender->status("a");
        EXPECT_EQ(status->state, JobState::included);
        EXPECT_EQ(status->block, receipt->block);
        EXPECT_FALSE(co_await it.sender->status("b"));
    });
}

TEST(sender, the_same_id_is_sent_once_even_after_a_restart) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        const auto first = co_await it.sender->submit(it.job("a"));
        co_await it.sender->wait("a", 20s);
        EXPECT_EQ(*co_await it.sender->submit(it.job("a")), *first);
        it.open();
        EXPECT_EQ(*co_await it.sender->submit(it.job("a", 9)), *first);
        EXPECT_EQ(co_await it.used(), 1U);
    });
}

TEST(sender, what_would_revert_is_told_by_name_and_costs_nothing) {
    STOA_NEEDS_ANVIL();
    Sending it;
    auto errors = std::make_shared<Abi>();
    errors->declare("error NotToday()");
    it.config.errors = errors;
    it.open();
    it.loop.run([&]() -> Task<void> {
        // mstore(0, selector << 224); revert(0, 4)
        const auto selector = to_hex(eth::abi::Function("NotToday()").selector()).substr(2);
        const auto where = eth::address_literal("0x00000000000000000000000000000000000f0f0f");
        const json::string code("0x63" + selector + "60e01b60005260046000fd");
        co_await it.tell("anvil_setCode", list(json::string(to_hex(where.bytes)), code));
        Job job{"a", where, {}, 0, std::nullopt};
        const auto sent = co_await it.sender->submit(std::move(job));
        EXPECT_FALSE(sent.has_value());
        EXPECT_EQ(sent.error().name, "NotToday");
        EXPECT_EQ(co_await it.used(Tag::pending), 0U);
        EXPECT_FALSE(co_await it.sender->status("a"));
    });
}

TEST(sender, jobs_at_once_have_nonces_without_a_gap) {
    STOA_NEEDS_ANVIL();
    Sending it;
    constexpr std::size_t kJobs = 40;
    std::set<Hash256> hashes;
    std::size_t done = 0;
    for (std::size_t i = 0; i < kJobs; ++i) {
        boost::asio::co_spawn(
            it.loop.context,
            [&, i]() -> Task<void> {
                // Two ask for each.
                const auto receipt =
                    co_await it.sender->send(it.job("job:" + std::to_string(i / 2)), 60s);
                hashes.insert(receipt->transaction);
                ++done;
            },
            [](std::exception_ptr why) { EXPECT_FALSE(why); });
    }
    it.loop.context.restart();
    it.loop.context.run();
    EXPECT_EQ(done, kJobs);
    EXPECT_EQ(hashes.size(), kJobs / 2);
    it.loop.run([&]() -> Task<void> { EXPECT_EQ(co_await it.used(), kJobs / 2); });
}

TEST(sender, a_transaction_that_waits_too_long_is_offered_for_more) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        const auto first = co_await it.sender->submit(it.job("a"));
        co_await it.sender->step();
        EXPECT_EQ((co_await it.sender->status("a"))->transaction, *first);
        it.clock.advance(31s);
        co_await it.sender->step();
        const auto second = (co_await it.sender->status("a"))->transaction;
        EXPECT_NE(second, *first);
        co_await it.mine();
        const auto receipt = co_await it.sender->wait("a", 20s);
        EXPECT_EQ(receipt->transaction, second);
        EXPECT_EQ(co_await it.used(), 1U);
    });
}

TEST(sender, a_dearer_chain_than_allowed_is_waited_out) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.config.max_fee = 1'000'000'000;
    it.open();
    it.loop.run([&]() -> Task<void> {
        co_await it.tell("anvil_setNextBlockBaseFeePerGas", list("0x2540be400"));
        co_await it.hold();
        const auto first = co_await it.sender->submit(it.job("a"));
        co_await it.mine();
        for (int i = 0; i < 3; ++i) {
            it.clock.advance(31s);
            co_await it.sender->step();
        }
        EXPECT_EQ((co_await it.sender->status("a"))->transaction, *first);
        EXPECT_EQ((co_await it.sender->status("a"))->state, JobState::waiting);
        co_await it.tell("anvil_setNextBlockBaseFeePerGas", list("0x1"));
        co_await it.mine();
        it.clock.advance(31s);
        co_await it.sender->step();
        co_await it.mine();
        EXPECT_TRUE((co_await it.sender->wait("a", 20s)).has_value());
    });
}

TEST(sender, a_dropped_transaction_is_sent_again_after_a_restart) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        const auto hash = co_await it.sender->submit(it.job("a"));
        co_await it.tell("anvil_dropTransaction", list(json::string(to_hex(*hash))));
        it.open();
        co_await it.sender->step();
        it.clock.advance(3s);
        co_await it.sender->step();
        co_await it.mine();
        EXPECT_EQ((co_await it.sender->wait("a", 20s))->transaction, *hash);
    });
}

TEST(sender, what_a_reorganisation_took_back_is_included_again) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        const auto snapshot = co_await it.rpc->get("evm_snapshot");
        const auto first = co_await it.sender->send(it.job("a"), 20s);
        const auto second = co_await it.sender->send(it.job("b"), 20s);
        EXPECT_TRUE(first && second);
        co_await it.tell("evm_revert", list(snapshot));
        EXPECT_EQ(co_await it.used(), 0U);
        co_await it.sender->rewound(1);
        it.clock.advance(3s);
        EXPECT_EQ((co_await it.sender->wait("a", 20s))->transaction, first->transaction);
        EXPECT_EQ((co_await it.sender->wait("b", 20s))->transaction, second->transaction);
        EXPECT_EQ(co_await it.used(), 2U);
    });
}

TEST(sender, jobs_that_were_final_are_sent_again_when_the_chain_forgot_them) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        const auto snapshot = co_await it.rpc->get("evm_snapshot");
        const auto first = co_await it.sender->send(it.job("a"), 20s);
        co_await it.tell("anvil_mine", list("0x8"));
        co_await it.sender->step();
        EXPECT_EQ(it.sender->unfinished(), 0U);
        co_await it.tell("evm_revert", list(snapshot));
        EXPECT_TRUE((co_await it.sender->submit(it.job("b"))).has_value());
        for (int i = 0; i < 3; ++i) {
            co_await it.sender->step();
            it.clock.advance(3s);
        }
        EXPECT_TRUE((co_await it.sender->wait("b", 20s)).has_value());
        EXPECT_EQ((co_await it.sender->wait("a", 20s))->transaction, first->transaction);
        EXPECT_EQ(co_await it.used(), 2U);
    });
}

TEST(sender, a_job_whose_nonce_somebody_took_gets_another) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        const auto ours = co_await it.sender->submit(it.job("a", 2));
        co_await it.tell("anvil_dropTransaction", list(json::string(to_hex(*ours))));
        co_await poke(*it.rpc, it.contract, 1, 3);
        co_await it.mine();
        co_await it.tell("evm_setAutomine", list(true));
        const auto receipt = co_await it.sender->wait("a", 20s);
        EXPECT_TRUE(receipt.has_value());
        EXPECT_EQ(receipt->logs.size(), 2U);
        EXPECT_NE(receipt->transaction, *ours);
        EXPECT_EQ(co_await it.used(), 2U);
    });
}

/// Another process with the same key, as a watcher beside a node.
struct Beside {
    explicit Beside(Sending& it)
        : database(it.folder / "beside"),
          sender(*it.rpc, database, it.key, it.clock, kChainId, it.config) {}

    db::Database database;
    Sender sender;
};

TEST(sender, a_transaction_of_another_process_that_is_dropped_leaves_no_gap) {
    STOA_NEEDS_ANVIL();
    Sending it;
    Beside other(it);
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        const auto ours = co_await it.sender->submit(it.job("a", 2));
        EXPECT_FALSE(co_await other.sender.status("b"));  // It has looked at the chain now.
        co_await it.tell("anvil_dropTransaction", list(json::string(to_hex(*ours))));
        co_await it.tell("evm_setAutomine", list(true));
        const auto receipt = co_await other.sender.send(it.job("b", 1), 20s);
        EXPECT_TRUE(receipt.has_value());
        const auto again = co_await it.sender->wait("a", 20s);
        EXPECT_TRUE(again.has_value());
        EXPECT_NE(again->transaction, *ours);
        EXPECT_EQ(co_await it.used(), 2U);
    });
}

TEST(sender, two_processes_that_take_one_nonce_have_both_their_transactions_included) {
    STOA_NEEDS_ANVIL();
    Sending it;
    Beside other(it);
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        const auto ours = co_await it.sender->submit(it.job("a", 2));
        const auto theirs = co_await other.sender.submit(it.job("b", 1));
        EXPECT_EQ(co_await it.used(Tag::pending), 1U) << "of two of one nonce one is taken";
        it.clock.advance(31s);
        co_await other.sender.step();  // Offered for more, it takes the place of the first.
        co_await it.mine();
        co_await it.tell("evm_setAutomine", list(true));
        const auto second = co_await other.sender.wait("b", 20s);
        const auto first = co_await it.sender->wait("a", 20s);
        EXPECT_TRUE(first.has_value() && second.has_value());
        EXPECT_NE(second->transaction, *theirs);
        EXPECT_NE(first->transaction, *ours);
        EXPECT_EQ(first->logs.size() + second->logs.size(), 3U);
        EXPECT_EQ(co_await it.used(), 2U);
    });
}

TEST(sender, a_transaction_that_reverts_in_its_block_says_so) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> {
        co_await it.hold();
        co_await it.sender->submit(it.job("a"));
        const json::array code =
            list(json::string(to_hex(it.contract.bytes)), json::string("0x60006000fd"));
        co_await it.tell("anvil_setCode", code);
        co_await it.mine();
        const auto receipt = co_await it.sender->wait("a", 20s);
        EXPECT_FALSE(receipt.has_value());
        EXPECT_EQ((co_await it.sender->status("a"))->state, JobState::reverted);
    });
}

TEST(sender, jobs_of_a_chain_that_is_no_more_are_forgotten) {
    STOA_NEEDS_ANVIL();
    Sending it;
    it.loop.run([&]() -> Task<void> { co_await it.sender->send(it.job("a"), 20s); });
    it.anvil.end();
    const Anvil other({"--timestamp", "1700000000"});
    it.loop.run([&]() -> Task<void> {
        it.rpc = co_await other.connect(it.loop);
        it.contract = co_await deploy_counter(*it.rpc);
        it.open();
        EXPECT_FALSE(co_await it.sender->status("a"));
        EXPECT_TRUE((co_await it.sender->send(it.job("a"), 20s)).has_value());
    });
}

}  // namespace
}  // namespace stoa::chain::testing
