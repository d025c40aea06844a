#include "stoa/chain/follower.hpp"

#include <gmock/gmock.h>

#include <random>

#include "stoa/chain/anvil_test.hpp"
#include "stoa/chain/fake_chain_test.hpp"

namespace stoa::chain::testing {
namespace {

using Row = std::tuple<std::uint64_t, std::uint32_t, Hash256, ByteVector>;

/// The simplest table that follows from logs: all of them.
class Rows final : public LogSink {
  public:
    explicit Rows(eth::Address contract = kFakeContract) : contract_(contract) {}

    static void create(db::Session& session) {
        session.script(
            "CREATE TABLE IF NOT EXISTS event (block INTEGER, number INTEGER, hash BLOB,"
            " data BLOB, PRIMARY KEY (block, number)) WITHOUT ROWID");
    }
    std::vector<eth::Address> contracts() const override { return {contract_}; }
    void apply(db::Session& session, const Header& header, std::span<const Log> logs) override {
        for (const auto& log : logs) {
            session.run("INSERT INTO event (block, number, hash, data) VALUES (?, ?, ?, ?)",
                        header.id.number, log.index, header.id.hash, log.data);
        }
    }
    void undo(db::Session& session, std::uint64_t keep) override {
        if (keep < forgotten) throw CannotUndo("forgotten");
        session.run("DELETE FROM event WHERE block > ?", keep);
    }
    void wipe(db::Session& session) override { session.run("DELETE FROM event"); }
    void advanced(const Heads& heads, std::optional<std::uint64_t> undone_to) override {
        last = heads;
        if (undone_to) forks.push_back(*undone_to);
    }

    static std::vector<Row> all(db::Database& database) {
        return database.read_now([](db::Session& session) {
            std::vector<Row> rows;
            for (auto each =
                     session.query("SELECT block, number, hash, data FROM event ORDER BY 1, 2");
                 each.step();) {
                rows.push_back(each.as<std::uint64_t, std::uint32_t, Hash256, ByteVector>());
            }
            return rows;
        });
    }

    std::optional<Heads> last;
    std::vector<std::uint64_t> forks;
    std::uint64_t forgotten = 0;

  private:
    eth::Address contract_;
};

std::vector<Row> truth(const FakeChain& chain) {
    std::vector<Row> rows;
    for (const auto& block : chain.blocks) {
        for (const auto& log : block.logs) {
            rows.emplace_back(block.header.id.number, log.index, block.header.id.hash, log.data);
        }
    }
    return rows;
}

struct Following {
    explicit Following(std::uint64_t seed = 1) : chain(seed) { open(); }

    void open() {
        follower.reset();
        database.reset();
        database =
            std::make_unique<db::Database>(folder / "db", db::Options{db::Synchronous::normal});
        database->write_now(&Rows::create);
        follower = std::make_unique<Follower>(chain, *database, loop.pool, kChainId,
                                              std::vector<LogSink*>{&rows}, config);
    }
    void catch_up() {
        loop.run([this]() -> Task<void> {
            while (co_await follower->step()) {
            }
        });
    }
    void expect_truth() { EXPECT_EQ(Rows::all(*database), truth(chain)); }

    Folder folder;
    Loop loop;
    FollowerConfig config;
    FakeChain chain;
    Rows rows;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<Follower> follower;
};

TEST(follower, every_log_is_applied_once_and_the_heads_are_told) {
    Following it;
    for (int i = 0; i < 700; ++i) it.chain.add(static_cast<std::size_t>(i % 4));
    it.catch_up();
    it.expect_truth();
    EXPECT_EQ(it.rows.last->head.id, it.chain.blocks.back().header.id);
    EXPECT_EQ(it.rows.last->safe, 696U);
    EXPECT_EQ(it.rows.last->finalized, 692U);
    EXPECT_TRUE(it.follower->is_at_head());
    EXPECT_TRUE(it.rows.forks.empty());
}

TEST(follower, after_random_reorganisations_the_tables_are_those_of_a_fresh_index) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        Following it(seed);
        std::mt19937_64 random(seed);
        for (int round = 0; round < 6; ++round) {
            const std::size_t depth = random() % std::min<std::size_t>(65, it.chain.blocks.size());
            it.chain.take_back(depth);
            const std::size_t fresh = random() % 90;
            for (std::size_t i = 0; i < fresh; ++i) it.chain.add(random() % 3);
            it.catch_up();
            it.expect_truth();
            EXPECT_EQ(it.follower->heads()->head.id, it.chain.blocks.back().header.id);
            if (random() % 3 == 0) it.open();
        }
    }
}

TEST(follower, a_reorganisation_during_a_round_changes_nothing_and_is_followed_next) {
    Following it;
    for (int i = 0; i < 100; ++i) it.chain.add(2);
    it.catch_up();
    for (int i = 0; i < 30; ++i) it.chain.add(2);
    int batches = 0;
    it.chain.after_batch = [&] {
        if (++batches != 2) return;  // The headers are read, the logs not yet.
        it.chain.take_back(20);
        for (int i = 0; i < 25; ++i) it.chain.add(1);
    };
    it.loop.run([&]() -> Task<void> { EXPECT_THROW(co_await it.follower->step(), RpcFailure); });
    EXPECT_EQ(Rows::all(*it.database).size(), 200U);
    it.catch_up();
    it.expect_truth();
}

TEST(follower, a_deeper_reorganisation_than_is_kept_starts_over) {
    Following it;
    it.config.kept_hashes = 64;
    it.open();
    for (int i = 0; i < 300; ++i) it.chain.add(1);
    it.catch_up();
    it.chain.take_back(200);
    for (int i = 0; i < 250; ++i) it.chain.add(2);
    it.catch_up();
    it.expect_truth();
}

TEST(follower, a_reorganisation_that_a_sink_cannot_undo_starts_over) {
    Following it;
    for (int i = 0; i < 20; ++i) it.chain.add(1);
    it.catch_up();
    it.rows.forgotten = 18;
    it.chain.take_back(5);
    for (int i = 0; i < 3; ++i) it.chain.add(2);
    it.catch_up();
    it.expect_truth();
    EXPECT_THAT(it.rows.forks, ::testing::IsEmpty());
    it.rows.forgotten = 0;
    it.chain.take_back(2);
    it.chain.add(1);
    it.catch_up();
    it.expect_truth();
    EXPECT_EQ(it.rows.forks.size(), 1U);
}

TEST(follower, another_chain_of_the_same_id_leaves_no_stale_row) {
    Following it;
    for (int i = 0; i < 50; ++i) it.chain.add(3);
    it.catch_up();
    FakeChain other(99);
    for (int i = 0; i < 80; ++i) other.add(1);
    it.chain.blocks = other.blocks;
    it.catch_up();
    it.expect_truth();
}

TEST(follower, other_contracts_than_before_are_read_from_the_beginning) {
    Following it;
    for (int i = 0; i < 50; ++i) it.chain.add(1);
    it.catch_up();
    it.config.start_block = 1;
    it.open();
    it.loop.run([&]() -> Task<void> { EXPECT_TRUE(co_await it.follower->step()); });
    EXPECT_LT(Rows::all(*it.database).size(), 50U);
    it.catch_up();
    it.expect_truth();
}

TEST(follower, a_restart_goes_on_where_it_was) {
    Following it;
    for (int i = 0; i < 200; ++i) it.chain.add(1);
    it.catch_up();
    it.open();
    it.chain.add(1);
    it.chain.asked = 0;
    it.catch_up();
    it.expect_truth();
    EXPECT_LT(it.chain.asked, 12U);
}

TEST(follower, a_log_left_out_of_a_range_is_found_by_the_blocks_filter) {
    Following it;
    for (int i = 0; i < 100; ++i) it.chain.add(1);
    it.chain.change_logs = [](std::vector<Log>& logs, bool by_hash) {
        if (!by_hash && logs.size() > 3) logs.erase(logs.begin() + 3);
    };
    it.catch_up();
    it.expect_truth();
}

TEST(follower, an_endpoint_that_lies_changes_nothing) {
    const std::vector<std::function<void(std::vector<Log>&, bool)>> lies{
        [](std::vector<Log>& logs, bool) { logs.front().address.bytes[0] ^= 1; },
        [](std::vector<Log>& logs, bool) { logs.front().block.hash.bytes[0] ^= 1; },
        [](std::vector<Log>& logs, bool) { logs.front().topics[0].bytes[0] ^= 1; },
        [](std::vector<Log>& logs, bool) { logs.push_back(logs.front()); },
        [](std::vector<Log>& logs, bool) { std::swap(logs.front(), logs.back()); },
    };
    for (const auto& lie : lies) {
        Following it;
        for (int i = 0; i < 10; ++i) it.chain.add(2);
        it.catch_up();
        const auto before = Rows::all(*it.database);
        for (int i = 0; i < 10; ++i) it.chain.add(2);
        it.chain.change_logs = lie;
        it.loop.run(
            [&]() -> Task<void> { EXPECT_THROW(co_await it.follower->step(), RpcFailure); });
        EXPECT_EQ(Rows::all(*it.database), before);
        it.chain.change_logs = nullptr;
        it.catch_up();
        it.expect_truth();
    }
}

TEST(follower, headers_that_are_no_chain_change_nothing) {
    Following it;
    for (int i = 0; i < 20; ++i) it.chain.add(1);
    it.chain.change_block = [](json::object& block) {
        if (block["number"] == "0x9") block["parentHash"] = to_hex(Hash256{});
    };
    it.loop.run([&]() -> Task<void> { EXPECT_THROW(co_await it.follower->step(), RpcFailure); });
    EXPECT_TRUE(Rows::all(*it.database).empty());
}

TEST(follower, ranges_shrink_where_blocks_are_full) {
    Following it;
    it.config.logs_at_once = 50;
    it.open();
    std::size_t most = 0;
    it.chain.change_logs = [&](std::vector<Log>& logs, bool) {
        most = std::max(most, logs.size());
    };
    for (int i = 0; i < 400; ++i) it.chain.add(25);
    it.catch_up();
    it.expect_truth();
    EXPECT_LE(it.chain.asked, 2'000U);
}

TEST(follower, a_real_chain_is_followed_through_a_reorganisation) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    const Folder folder;
    db::Database database(folder / "db", {db::Synchronous::normal});
    database.write_now(&Rows::create);
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        const auto contract = co_await deploy_counter(*rpc);
        Rows rows(contract);
        Follower follower(*rpc, database, loop.pool, kChainId, std::vector<LogSink*>{&rows});
        co_await poked(*rpc, contract, 5);
        co_await rpc->get("anvil_mine", list("0x28"));
        const auto snapshot = co_await rpc->get("evm_snapshot");
        co_await poked(*rpc, contract, 7);
        while (co_await follower.step()) {
        }
        EXPECT_EQ(Rows::all(database).size(), 12U);
        co_await rpc->get("evm_revert", list(snapshot));
        co_await rpc->get("anvil_mine", list("0x3"));
        co_await poked(*rpc, contract, 2);
        while (co_await follower.step()) {
        }
        EXPECT_EQ(Rows::all(database).size(), 7U);
        EXPECT_EQ(rows.forks, (std::vector<std::uint64_t>{42}));
    });
}

}  // namespace
}  // namespace stoa::chain::testing
