#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "stoa/io/task.hpp"

namespace stoa::io {

/// A queue is at its limit; the one who asks should come back later.
class Overloaded : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Threads for work that blocks or computes for more than a millisecond. Destroy it, or `join` it,
/// before the event loops whose tasks wait for it: it finishes what it has begun.
class Pool {
  public:
    explicit Pool(std::size_t threads, std::size_t max_waiting = 16'384);
    ~Pool();
    Pool(const Pool&) = delete;

    /// Runs what is queued, then ends the threads. Nothing may be queued afterwards.
    void join();

    /// Jobs queued or running.
    std::size_t busy() const;

    struct Impl;
    Impl& impl() { return *impl_; }

  private:
    std::unique_ptr<Impl> impl_;
};

/// `job(context)`, which must not throw, on a thread of the pool; returns on the executor that
/// awaited. Throws `Overloaded`. Cannot be cancelled while the job runs.
Task<void> run_on(Pool&, void (*job)(void*), void* context);

/// What `f()` returns or throws, computed on a thread of the pool; the task goes on where it was.
template <class F, class R = std::invoke_result_t<F&>>
Task<R> on(Pool& pool, F f) {
    std::exception_ptr thrown;
    if constexpr (std::is_void_v<R>) {
        auto work = [&] {
            try {
                f();
            } catch (...) {
                thrown = std::current_exception();
            }
        };
        co_await run_on(
            pool, [](void* it) { (*static_cast<decltype(work)*>(it))(); }, &work);
        if (thrown) std::rethrow_exception(thrown);
    } else {
        std::optional<R> result;
        auto work = [&] {
            try {
                result.emplace(f());
            } catch (...) {
                thrown = std::current_exception();
            }
        };
        co_await run_on(
            pool, [](void* it) { (*static_cast<decltype(work)*>(it))(); }, &work);
        if (thrown) std::rethrow_exception(thrown);
        co_return std::move(*result);
    }
}

}  // namespace stoa::io
