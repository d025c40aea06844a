#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/io/clock.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/file.hpp"
#include "stoa/io/http.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/metrics.hpp"
#include "stoa/io/pool.hpp"
#include "stoa/io/sse.hpp"

namespace stoa::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

void run(Task<void> task) {
    boost::asio::io_context loop;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) { thrown = error; });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
}

TEST(PoolTest, WorkRunsElsewhereAndTheTaskGoesOnWhereItWas) {
    Pool pool(1);
    const auto here = std::this_thread::get_id();
    run([&]() -> Task<void> {
        const auto there = co_await on(pool, [] { return std::this_thread::get_id(); });
        EXPECT_NE(there, here);
        EXPECT_EQ(std::this_thread::get_id(), here);
    }());
    EXPECT_EQ(pool.busy(), 0);
}

TEST(PoolTest, AnExceptionOfTheWorkPasses) {
    Pool pool(1);
    EXPECT_THROW(
        run([&]() -> Task<void> { co_await on(pool, [] { throw std::logic_error("no"); }); }()),
        std::logic_error);
}

TEST(PoolTest, ResultsNeedNotBeCopyable) {
    Pool pool(1);
    run([&]() -> Task<void> {
        const auto number = co_await on(pool, [] { return std::make_unique<int>(7); });
        EXPECT_EQ(*number, 7);
    }());
}

TEST(PoolTest, AFullQueueRefuses) {
    Pool pool(1, 1);
    std::latch go(1);
    boost::asio::io_context loop;
    std::vector<std::string> ends;
    const auto job = [&](std::string name) -> Task<void> {
        try {
            co_await on(pool, [&] { go.wait(); });
            ends.push_back(name + " done");
        } catch (const Overloaded&) {
            ends.push_back(name + " refused");
            go.count_down();
        }
    };
    for (const char* name : {"running", "waiting", "third"}) {
        boost::asio::co_spawn(loop, job(name), [](std::exception_ptr) {});
    }
    loop.run();
    EXPECT_THAT(ends, ElementsAre("third refused", "running done", "waiting done"));
}

TEST(DeadlineTest, WorkInTimeGivesItsResult) {
    run([]() -> Task<void> {
        auto work = []() -> Task<std::string> { co_return "done"; };
        EXPECT_EQ(co_await with_deadline(std::chrono::minutes(1), work()), "done");
    }());
}

TEST(DeadlineTest, LateWorkIsCancelledAndHasEnded) {
    bool was_cancelled = false;
    const auto work = [&]() -> Task<int> {
        try {
            co_await sleep_for(std::chrono::hours(1));
        } catch (const boost::system::system_error&) {
            was_cancelled = true;
            throw;
        }
        co_return 1;
    };
    EXPECT_THROW(run([&]() -> Task<void> {
                     co_await with_deadline(std::chrono::milliseconds(1), work());
                 }()),
                 DeadlineExceeded);
    EXPECT_TRUE(was_cancelled);
}

TEST(DeadlineTest, AnExceptionOfTheWorkPassesAtOnce) {
    const auto work = []() -> Task<int> {
        throw std::logic_error("no");
        co_return 1;
    };
    EXPECT_THROW(
        run([&]() -> Task<void> { co_await with_deadline(std::chrono::hours(1), work()); }()),
        std::logic_error);
}

TEST(DeadlineTest, TheInnerOfTwoDeadlinesActsFirst) {
    run([]() -> Task<void> {
        const auto inner = []() -> Task<std::string> {
            std::string end = "none";
            try {
                co_await with_deadline(std::chrono::milliseconds(1),
                                       sleep_for(std::chrono::hours(1)));
            } catch (const DeadlineExceeded&) {
                end = "inner";
            }
            co_return end;
        };
        EXPECT_EQ(co_await with_deadline(std::chrono::hours(1), inner()), "inner");
    }());
}

TEST(ClockTest, AManualClockMovesOnlyWhenTold) {
    ManualClock clock(unix_time(1'000));
    const auto start = clock.steady();
    EXPECT_EQ(clock.now(), unix_time(1'000));
    clock.advance(std::chrono::milliseconds(2'500));
    EXPECT_EQ(clock.now(), unix_time(1'002));
    EXPECT_EQ(clock.steady() - start, std::chrono::milliseconds(2'500));
}

TEST(SseTest, EventsAreTheSameWhereverTheStreamIsCut) {
    const std::string stream =
        "\n: comment\ndata: one\n\nevent: add\ndata: a\ndata:  b\nid: 7\n\r\ndata\r\rid\n"
        "retry: 5\n\ndata: x\r\n\r\ndata: never";
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        EventReader reader;
        std::vector<std::string> seen;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            reader.feed(std::string_view(stream).substr(at, size), [&](Event&& event) {
                seen.push_back(event.id + "|" + event.type + "|" + event.data);
            });
        }
        EXPECT_THAT(seen, ElementsAre("||one", "7|add|a\n b", "7||", "||x")) << size;
    }
}

TEST(SseTest, AnEventIsReadAsItWasWritten) {
    const Event event{"12-3", "model", "{\"a\":1}\nline\n"};
    std::vector<Event> seen;
    EventReader().feed(to_text(event), [&](Event&& it) { seen.push_back(std::move(it)); });
    ASSERT_EQ(seen.size(), 1);
    EXPECT_EQ(seen[0].id, event.id);
    EXPECT_EQ(seen[0].type, event.type);
    EXPECT_EQ(seen[0].data, event.data);
}

TEST(SseTest, AnEndlessEventIsRefused) {
    const auto ignore = [](Event&&) {};
    EventReader one_line(100);
    EXPECT_THROW(one_line.feed("data: " + std::string(100, 'x'), ignore), std::length_error);
    EventReader many_lines(100);
    const auto feed_lines = [&] {
        for (int i = 0; i < 100; ++i) many_lines.feed("data: x\n", ignore);
    };
    EXPECT_THROW(feed_lines(), std::length_error);
}

TEST(HttpTextTest, PercentCodesAreReadAndWritten) {
    EXPECT_EQ(percent_decode("a%2Fb%c3%A4+"), "a/b\xc3\xa4+");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("%"), std::nullopt);
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
    EXPECT_EQ(percent_decode("%zz"), std::nullopt);
    EXPECT_EQ(percent_encode("a/b ~\xff"), "a%2Fb%20~%FF");
    EXPECT_EQ(path_segments("/a/%zz"), std::nullopt);
    EXPECT_THAT(*path_segments("/a//b/"), ElementsAre("a", "", "b", ""));
}

TEST(HttpTextTest, HeaderNamesCompareWithoutCase) {
    Headers headers{{"Content-Type", "a"}, {"X", "1"}};
    headers.add("x", "2");
    EXPECT_EQ(headers.get("content-TYPE"), "a");
    EXPECT_EQ(headers.get("X"), "1");
    headers.set("x", "3");
    EXPECT_EQ(headers.size(), 2);
    EXPECT_EQ(headers.get("X"), "3");
    headers.erase("X");
    EXPECT_FALSE(headers.has("x"));
}

class FolderTest : public testing::Test {
  protected:
    FolderTest() {
        std::string name = testing::TempDir() + "stoa_io_XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~FolderTest() override { std::filesystem::remove_all(folder_); }

    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder_), {}));
    }

    std::filesystem::path folder_;
};

TEST_F(FolderTest, AFileIsReplacedWholeAndNothingElseIsLeft) {
    const auto path = folder_ / "file";
    write_file_atomic(path, "first");
    const std::string large(1'000'000, 'x');
    write_file_atomic(path, large, 0600);
    EXPECT_EQ(read_file(path, large.size()), large);
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    EXPECT_EQ(files(), 1);
}

TEST_F(FolderTest, AWriteThatFailsLeavesNothing) {
    std::filesystem::create_directory(folder_ / "taken");
    EXPECT_THROW(write_file_atomic(folder_ / "taken", "x"), std::system_error);
    EXPECT_THROW(write_file_atomic(folder_ / "missing" / "file", "x"), std::system_error);
    EXPECT_EQ(files(), 1);
}

TEST_F(FolderTest, ReadingHasALimit) {
    write_file_atomic(folder_ / "file", "12345");
    EXPECT_EQ(read_file(folder_ / "file", 5), "12345");
    EXPECT_THROW(read_file(folder_ / "file", 4), std::system_error);
    EXPECT_THROW(read_file(folder_ / "none", 4), std::system_error);
    EXPECT_EQ(read_file_if_there(folder_ / "none", 4), std::nullopt);
    EXPECT_THROW(read_file_if_there(folder_, 4), std::system_error);
}

TEST_F(FolderTest, LogLinesAreJsonOrTextAndCannotBeForged) {
    const auto json = (folder_ / "json").string();
    const auto text = (folder_ / "text").string();
    const auto write = [](const Log& log) {
        log.debug("not shown");
        log.warning("a request failed", {{"path", "/a\nb"}, {"ms", 7}, {"ok", false}, {"x", 0.5}});
    };
    write(Log(LogFormat::json, LogLevel::info, json));
    write(Log(LogFormat::text, LogLevel::info, text));
    write(Log());
    const std::string time = "[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z";
    EXPECT_THAT(read_file(json, 10'000),
                MatchesRegex("\\{\"time\":\"" + time +
                             "\",\"level\":\"warning\",\"message\":\"a request failed\","
                             "\"path\":\"/a\\\\nb\",\"ms\":7,\"ok\":false,\"x\":0.5\\}\n"));
    EXPECT_THAT(read_file(text, 10'000),
                MatchesRegex(time + " warning a request failed path=\"/a\\\\nb\" ms=7 ok=false "
                                    "x=0.5\n"));
}

TEST(MetricsTest, ValuesAreShownInPrometheusForm) {
    Metrics metrics;
    const auto calls = metrics.counter("stoa_calls_total", "Calls.", {{"model", "llama"}});
    calls.add();
    metrics.counter("stoa_calls_total", "Calls.", {{"model", "llama"}}).add(2);
    metrics.gauge("stoa_connections", "Open connections.").set(4);
    metrics.histogram("stoa_seconds", "Time.", {}, {0.1, 1}).observe(0.5);
    EXPECT_EQ(calls.value(), 3);
    const auto text = metrics.text();
    EXPECT_THAT(text, HasSubstr("# TYPE stoa_calls_total counter\n"
                                "stoa_calls_total{model=\"llama\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("stoa_connections 4\n"));
    EXPECT_THAT(text, HasSubstr("stoa_seconds_bucket{le=\"0.1\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("stoa_seconds_bucket{le=\"1\"} 1\n"));
}

}  // namespace
}  // namespace stoa::io
