#include "stoa/db/database.hpp"

#include <sqlite3.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/db/failure.hpp"
#include "stoa/db/writer.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::db {

namespace asio = boost::asio;

/// Connections that read, each used by one thread at a time.
class Database::Readers {
  public:
    void add(std::unique_ptr<Session> session) { free_.push_back(std::move(session)); }

    void run(const Job& job) {
        std::unique_ptr<Session> session = take();
        std::exception_ptr thrown;
        try {
            session->run("BEGIN");
            job(*session);
            session->run("COMMIT");
        } catch (...) {
            session->undo_all();
            thrown = std::current_exception();
        }
        give_back(std::move(session));
        if (thrown) std::rethrow_exception(thrown);
    }

  private:
    std::unique_ptr<Session> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !free_.empty(); });
        auto session = std::move(free_.back());
        free_.pop_back();
        return session;
    }

    void give_back(std::unique_ptr<Session> session) {
        {
            const std::lock_guard lock(mutex_);
            free_.push_back(std::move(session));
        }
        changed_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Session>> free_;
};

struct Database::Impl {
    Impl(std::unique_ptr<Session> writing, const Options& options)
        : writer(std::move(writing), options.max_waiting),
          pool(options.readers, options.max_waiting) {}

    Writer writer;
    Readers readers;
    io::Pool pool;
};

std::unique_ptr<Session> Database::connect(const std::filesystem::path& path,
                                           const Options& options, Access access) {
    // Our own readers open for writing too: whoever is the last of all empties the log.
    const int flags =
        access == Access::looks ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &connection,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    std::unique_ptr<Session> session(new Session(connection));
    if (code != SQLITE_OK) throw_failure(connection, code, path.c_str());
    sqlite3_busy_timeout(connection, static_cast<int>(options.busy_timeout.count()));
    const char* synchronous = options.synchronous == Synchronous::full ? "FULL" : "NORMAL";
    session->script(std::string("PRAGMA synchronous = ") + synchronous);
    session->script(
        "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
        "PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864");
    if (access == Access::writes) {
        const auto mode = session->first<std::string>("PRAGMA journal_mode = WAL");
        if (mode != "wal") throw DbFailure("no write-ahead log is possible for " + path.string());
    } else {
        session->script("PRAGMA query_only = ON");
    }
    return session;
}

Database::Database(const std::filesystem::path& path, Options options)
    : impl_(std::make_unique<Impl>(connect(path, options, Access::writes), options)) {
    for (std::size_t i = 0; i < options.readers; ++i) {
        impl_->readers.add(connect(path, options, Access::reads));
    }
}

Database::~Database() = default;

Task<void> Database::write_job(Job job) {
    const auto start = [&](auto handler) {
        using Handler = decltype(handler);
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        auto shared = std::make_shared<Handler>(std::move(handler));
        impl_->writer.add({std::move(job), [work, shared](std::exception_ptr thrown) {
                               const auto executor = work.get_executor();
                               asio::post(executor, [handler = std::move(*shared),
                                                     thrown]() mutable { handler(thrown); });
                           }});
    };
    using Token = const asio::use_awaitable_t<>;
    co_await asio::async_initiate<Token, void(std::exception_ptr)>(start, asio::use_awaitable);
}

Task<void> Database::read_job(Job job) {
    co_await io::on(impl_->pool, [&] { impl_->readers.run(job); });
}

void Database::write_job_now(Job job) {
    std::promise<void> promise;
    auto done = promise.get_future();
    impl_->writer.add({std::move(job), [&](std::exception_ptr thrown) {
                           thrown ? promise.set_exception(thrown) : promise.set_value();
                       }});
    done.get();
}

void Database::read_job_now(Job job) {
    impl_->readers.run(job);
}

void Database::look_job_now(const std::filesystem::path& path, Job job) {
    Readers readers;
    readers.add(connect(path, {}, Access::looks));
    readers.run(job);
}

}  // namespace stoa::db
