#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/db/database.hpp"

namespace stoa::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Address {
    std::array<std::uint8_t, 20> bytes{};
    friend bool operator==(const Address&, const Address&) = default;
};

enum class State { open = 1, closed = 2 };

class DbTest : public testing::Test {
  protected:
    DbTest() {
        std::string name = testing::TempDir() + "stoa_db_XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~DbTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file() const { return folder_ / "test.sqlite"; }

    template <class T>
    T wait_for(Task<T> task) {
        boost::asio::io_context loop;
        std::exception_ptr thrown;
        std::optional<T> result;
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T value) {
            thrown = error;
            result = std::move(value);
        });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }

    std::filesystem::path folder_;
};

std::int64_t count(Session& session) {
    return *session.first<std::int64_t>("SELECT count(*) FROM entry");
}

void make_table(Database& database) {
    database.write_now([](Session& session) {
        session.script("CREATE TABLE entry (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
    });
}

TEST_F(DbTest, EveryTypeComesBackAsItWasStored) {
    Database database(file());
    const Hash256 hash{{1, 2, 3}};
    const Address address{{9, 8, 7}};
    const Amount amount(
        U256("115792089237316195423570985008687907853269984665640564039457584007"
             "913129639935"));
    database.write_now([&](Session& session) {
        session.script("CREATE TABLE t (a, b, c, d, e, f, g, h, i, j)");
        session.run("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -5, true, hash, address,
                    amount, std::string("päper\0x", 8), 0.5, State::closed, std::optional<int>(),
                    unix_time(1'800'000'000));
    });
    database.read_now([&](Session& session) {
        auto rows = session.query("SELECT * FROM t");
        ASSERT_TRUE(rows.step());
        EXPECT_EQ(rows.get<int>(0), -5);
        EXPECT_EQ(rows.get<bool>(1), true);
        EXPECT_EQ(rows.get<Hash256>(2), hash);
        EXPECT_EQ(rows.get<Address>(3), address);
        EXPECT_EQ(rows.get<Amount>(4), amount);
        EXPECT_EQ(rows.get<std::string>(5), std::string("päper\0x", 8));
        EXPECT_EQ(rows.get<double>(6), 0.5);
        EXPECT_EQ(rows.get<State>(7), State::closed);
        EXPECT_EQ(rows.get<std::optional<int>>(8), std::nullopt);
        EXPECT_EQ(rows.get<UnixTime>(9), unix_time(1'800'000'000));
        EXPECT_FALSE(rows.step());
    });
}

TEST_F(DbTest, EmptyTextAndBytesAreNotNull) {
    Database database(file());
    database.write_now([](Session& session) {
        session.script("CREATE TABLE t (a TEXT NOT NULL, b BLOB NOT NULL) STRICT");
        session.run("INSERT INTO t VALUES (?, ?)", std::string_view(), Bytes());
        const auto [text, bytes] = *session.first<std::string, ByteVector>("SELECT * FROM t");
        EXPECT_TRUE(text.empty());
        EXPECT_TRUE(bytes.empty());
    });
}

TEST_F(DbTest, AmountsSortAsNumbers) {
    Database database(file());
    database.write_now([](Session& session) {
        session.script("CREATE TABLE t (a)");
        for (const int units : {70'000, 256, 255, 1}) {
            session.run("INSERT INTO t VALUES (?)", Amount(units));
        }
        std::vector<std::string> sorted;
        for (auto rows = session.query("SELECT a FROM t ORDER BY a"); rows.step();) {
            sorted.push_back(to_decimal(rows.get<Amount>(0)));
        }
        EXPECT_THAT(sorted, ElementsAre("1", "255", "256", "70000"));
    });
}

TEST_F(DbTest, AValueOfAnotherTypeOrLengthIsAFailure) {
    Database database(file());
    database.read_now([](Session& session) {
        EXPECT_THROW(session.first<std::int64_t>("SELECT 'one'"), DbFailure);
        EXPECT_THROW(session.first<std::int64_t>("SELECT NULL"), DbFailure);
        EXPECT_THROW(session.first<Hash256>("SELECT x'0102'"), DbFailure);
        EXPECT_THROW(session.first<std::uint8_t>("SELECT 256"), DbFailure);
        EXPECT_THROW(session.first<std::uint64_t>("SELECT -1"), DbFailure);
        EXPECT_THROW(session.first<std::int64_t>("SELECT ?", ~std::uint64_t{0}), DbFailure);
    });
}

TEST_F(DbTest, MissingAndSuperfluousValuesAreFailures) {
    Database database(file());
    database.read_now([](Session& session) {
        EXPECT_THROW(session.query("SELECT ?, ?", 1), DbFailure);
        EXPECT_THROW(session.query("SELECT ?", 1, 2), DbFailure);
        EXPECT_THROW(session.query("SELECT 1; SELECT 2"), DbFailure);
        EXPECT_EQ(session.first<int>("SELECT ?", 3), 3);
    });
}

TEST_F(DbTest, TheSameStatementCanBeReadInsideItself) {
    Database database(file());
    database.read_now([](Session& session) {
        constexpr auto kSql = "SELECT value FROM json_each('[1, 2]')";
        std::vector<int> seen;
        for (auto outer = session.query(kSql); outer.step();) {
            for (auto inner = session.query(kSql); inner.step();) {
                seen.push_back(10 * outer.get<int>(0) + inner.get<int>(0));
            }
        }
        EXPECT_THAT(seen, ElementsAre(11, 12, 21, 22));
    });
}

TEST_F(DbTest, AWriteThatThrowsChangesNothing) {
    Database database(file());
    make_table(database);
    const auto write = [](Session& session) {
        session.run("INSERT INTO entry (name) VALUES (?)", "one");
        throw std::logic_error("changed my mind");
    };
    EXPECT_THAT([&] { database.write_now(write); },
                ThrowsMessage<std::logic_error>("changed my mind"));
    EXPECT_EQ(database.read_now(count), 0);
}

TEST_F(DbTest, ABrokenConstraintHasItsOwnException) {
    Database database(file());
    make_table(database);
    const auto write = [](Session& session) {
        session.run("INSERT INTO entry (name) VALUES (?)", "one");
    };
    database.write_now(write);
    EXPECT_THAT([&] { database.write_now(write); },
                ThrowsMessage<ConstraintFailure>(HasSubstr("UNIQUE")));
}

TEST_F(DbTest, ASavepointUndoesOnlyItsOwn) {
    Database database(file());
    make_table(database);
    database.write_now([](Session& session) {
        session.run("INSERT INTO entry (name) VALUES (?)", "kept");
        const auto undone = [&] {
            session.savepoint([&] {
                session.run("INSERT INTO entry (name) VALUES (?)", "lost");
                throw std::logic_error("no");
            });
        };
        EXPECT_THROW(undone(), std::logic_error);
    });
    EXPECT_EQ(database.read_now([](Session& s) {
        return s.first<std::string>("SELECT group_concat(name) FROM entry");
    }),
              "kept");
}

TEST_F(DbTest, ReadersCannotWrite) {
    Database database(file());
    make_table(database);
    EXPECT_THROW(database.read_now([](Session& session) {
        return session.run("INSERT INTO entry (name) VALUES (?)", "one");
    }),
                 DbFailure);
}

TEST_F(DbTest, ATaskReadsWhatATaskHasWritten) {
    Database database(file());
    make_table(database);
    const auto work = [&]() -> Task<std::int64_t> {
        const auto id = co_await database.write([](Session& session) {
            session.run("INSERT INTO entry (name) VALUES (?)", "one");
            return session.last_row_id();
        });
        EXPECT_EQ(id, 1);
        co_return co_await database.read(count);
    };
    EXPECT_EQ(wait_for(work()), 1);
}

TEST_F(DbTest, AnExceptionOfAWritePassesThroughTheTask) {
    Database database(file());
    const auto work = [&]() -> Task<int> {
        co_return co_await database.write([](Session&) -> int { throw std::logic_error("no"); });
    };
    EXPECT_THROW(wait_for(work()), std::logic_error);
}

TEST_F(DbTest, WritesThatWaitTogetherAreCommittedTogetherAndFailAlone) {
    Database database(file());
    make_table(database);
    Database observer(file(), {.readers = 1});

    // The writer stands in the first job until all others wait behind it.
    std::latch first_runs(1);
    std::latch all_wait(1);
    boost::asio::io_context loop;
    std::atomic<int> failed = 0;
    const auto insert = [&](int number) -> Task<void> {
        try {
            co_await database.write([&, number](Session& session) {
                session.run("INSERT INTO entry (name) VALUES (?)", std::to_string(number % 50));
                EXPECT_EQ(observer.read_now(count), 0) << "committed before the others";
            });
        } catch (const ConstraintFailure&) {
            ++failed;
        }
    };
    std::thread blocking([&] {
        database.write_now([&](Session&) {
            first_runs.count_down();
            all_wait.wait();
        });
    });
    first_runs.wait();
    for (int i = 0; i < 60; ++i) boost::asio::co_spawn(loop, insert(i), boost::asio::detached);
    loop.poll();
    all_wait.count_down();
    loop.run();
    blocking.join();

    EXPECT_EQ(failed, 10);
    EXPECT_EQ(database.read_now(count), 50);
    EXPECT_EQ(observer.read_now(count), 50);
}

TEST_F(DbTest, ManyThreadsReadAndWriteAtOnce) {
    Database database(file(), {.synchronous = Synchronous::normal});
    make_table(database);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i) {
                database.write_now([&](Session& session) {
                    session.run("INSERT INTO entry (name) VALUES (?)",
                                std::to_string(t) + "/" + std::to_string(i));
                });
                EXPECT_GT(database.read_now(count), i);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(database.read_now(count), 400);
}

TEST_F(DbTest, DataOutlivesTheDatabaseObject) {
    {
        Database database(file());
        make_table(database);
        database.write_now([](Session& s) { s.run("INSERT INTO entry (name) VALUES ('one')"); });
    }
    EXPECT_EQ(Database(file()).read_now(count), 1);
}

TEST_F(DbTest, WhoeverLooksSeesWhatIsCommittedAndChangesNothing) {
    Database database(file());
    make_table(database);
    const auto add = [](Session& session) { session.run("INSERT INTO entry (id) VALUES (1)"); };
    database.write_now(add);
    EXPECT_EQ(Database::look_now(file(), count), 1);
    EXPECT_THROW(Database::look_now(file(), add), DbFailure);
    database.write_now([](Session& session) { session.run("INSERT INTO entry (id) VALUES (2)"); });
    EXPECT_EQ(Database::look_now(file(), count), 2) << "also what is in the log alone";
}

TEST_F(DbTest, WhoeverLooksForAFileThatIsNotThereMakesNone) {
    EXPECT_THROW(Database::look_now(file(), count), DbFailure);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(DbTest, AFileThatCannotBeMadeIsAFailure) {
    EXPECT_THROW(Database(folder_ / "missing" / "x.sqlite"), DbFailure);
}

constexpr const char* kSteps[] = {
    "CREATE TABLE note (id INTEGER PRIMARY KEY)",
    "ALTER TABLE note ADD COLUMN text TEXT; CREATE INDEX note_text ON note (text)",
};

TEST_F(DbTest, MigrationRunsTheStepsThatHaveNotRun) {
    Database database(file());
    database.write_now([](Session& session) {
        migrate(session, "notes", std::span(kSteps, 1));
        EXPECT_EQ(schema_version(session, "notes"), 1);
    });
    database.write_now([](Session& session) {
        migrate(session, "notes", kSteps);
        migrate(session, "notes", kSteps);
        EXPECT_EQ(schema_version(session, "notes"), 2);
        EXPECT_EQ(schema_version(session, "others"), 0);
        session.run("INSERT INTO note (text) VALUES (?)", "hello");
    });
}

TEST_F(DbTest, AMigrationThatFailsLeavesTheOldTables) {
    Database database(file());
    database.write_now([](Session& s) { migrate(s, "notes", std::span(kSteps, 1)); });
    constexpr const char* kBroken[] = {kSteps[0], "CREATE TABLE more (a)", "CREATE TABLE ("};
    EXPECT_THROW(database.write_now([&](Session& s) { migrate(s, "notes", kBroken); }), DbFailure);
    database.read_now([](Session& session) {
        EXPECT_EQ(schema_version(session, "notes"), 1);
        EXPECT_FALSE(session.first<int>("SELECT 1 FROM sqlite_schema WHERE name = 'more'"));
    });
}

TEST_F(DbTest, DataOfANewerProgramIsRefused) {
    Database database(file());
    database.write_now([](Session& session) { migrate(session, "notes", kSteps); });
    EXPECT_THAT(
        [&] { database.write_now([](Session& s) { migrate(s, "notes", std::span(kSteps, 1)); }); },
        ThrowsMessage<DbFailure>(HasSubstr("older than the data")));
}

}  // namespace
}  // namespace stoa::db
