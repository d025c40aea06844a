#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "stoa/io/task.hpp"

namespace stoa::io {

using Duration = std::chrono::steady_clock::duration;

/// A wait took longer than it may.
class DeadlineExceeded : public std::runtime_error {
  public:
    DeadlineExceeded();
    using std::runtime_error::runtime_error;
};

/// Cancelling it ends it at once, with an exception.
Task<void> sleep_for(Duration);

/// Lets other tasks of the event loop run.
Task<void> yield();

/// Cancels `work` when it is not done in time, waits until it has ended, and throws
/// `DeadlineExceeded`, unless it finished after all.
Task<void> with_deadline(Duration, Task<void> work);

template <class T>
Task<void> store_result(Task<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
}

template <class T>
Task<T> with_deadline(Duration limit, Task<T> work) {
    std::optional<T> result;
    co_await with_deadline(limit, store_result(std::move(work), result));
    co_return std::move(*result);
}

}  // namespace stoa::io
