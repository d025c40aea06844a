// SQL for the node: an SQLite file with one writer and several readers. `write` runs a function in
// a transaction on the writer's thread, `read` in a snapshot on a reader's; both are tasks, so the
// event loop never waits for a disk. Writes that wait together are committed together, so that
// `full` durability costs one sync for all of them.
#pragma once

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "stoa/db/session.hpp"
#include "stoa/io/task.hpp"

namespace stoa::db {

/// What a power failure may take: nothing that was committed, or the last commits (the file stays
/// sound, for tables that can be derived again).
enum class Synchronous { full, normal };

struct Options {
    Synchronous synchronous = Synchronous::full;
    std::chrono::milliseconds busy_timeout{5'000};  ///< For other programs that hold the file.
    std::size_t readers = 2;
    std::size_t max_waiting = 16'384;  ///< Writes, and reads; more throw `io::Overloaded`.
};

class Database {
  public:
    /// Creates the file where it is missing. Throws `DbFailure`.
    explicit Database(const std::filesystem::path&, Options = {});
    /// Finishes what is queued; destroy it before the event loops whose tasks use it.
    ~Database();
    Database(const Database&) = delete;

    /// What `f(Session&)` returns, once it is committed. When `f` throws, its changes are undone
    /// and the exception passes; when the commit fails, `DbFailure`. `f` runs once, on the writer's
    /// thread, maybe in one transaction with others': it must touch nothing but the session and
    /// what it owns. A task that is cancelled meanwhile doesn't stop it.
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    Task<R> write(F f) {
        Outcome<R> outcome;
        co_await write_job([&](Session& session) { outcome.call(f, session); });
        co_return outcome.take();
    }

    /// What `f(Session&)` returns, which sees one snapshot and changes nothing.
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    Task<R> read(F f) {
        Outcome<R> outcome;
        co_await read_job([&](Session& session) { outcome.call(f, session); });
        co_return outcome.take();
    }

    /// The same for programs without an event loop, and before it runs. They block.
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    R write_now(F f) {
        Outcome<R> outcome;
        write_job_now([&](Session& session) { outcome.call(f, session); });
        return outcome.take();
    }
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    R read_now(F f) {
        Outcome<R> outcome;
        read_job_now([&](Session& session) { outcome.call(f, session); });
        return outcome.take();
    }

    /// What `f(Session&)` returns of one snapshot of a file that another program may be writing,
    /// opened with SQLite's read-only flag. It blocks. Throws `DbFailure`, also where there is no
    /// such file.
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    static R look_now(const std::filesystem::path& file, F f) {
        Outcome<R> outcome;
        look_job_now(file, [&](Session& session) { outcome.call(f, session); });
        return outcome.take();
    }

  private:
    enum class Access { writes, reads, looks };

    template <class R>
    struct Outcome {
        std::optional<R> result;
        template <class F>
        void call(F& f, Session& session) {
            result.emplace(f(session));
        }
        R take() { return std::move(*result); }
    };

    using Job = std::function<void(Session&)>;
    Task<void> write_job(Job);
    Task<void> read_job(Job);
    void write_job_now(Job);
    void read_job_now(Job);
    static void look_job_now(const std::filesystem::path&, Job);

    static std::unique_ptr<Session> connect(const std::filesystem::path&, const Options&, Access);

    class Readers;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

template <>
struct Database::Outcome<void> {
    template <class F>
    void call(F& f, Session& session) {
        f(session);
    }
    void take() {}
};

}  // namespace stoa::db
