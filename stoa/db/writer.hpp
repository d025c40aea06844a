#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "stoa/db/session.hpp"

namespace stoa::db {

/// The thread that writes. Jobs that wait together run in one transaction, each inside a savepoint
/// of its own, so that one sync makes all of them durable and one failure undoes only itself.
class Writer {
  public:
    struct Entry {
        std::function<void(Session&)> job;
        /// Called on the writer's thread after the commit, with what was thrown or null.
        std::function<void(std::exception_ptr)> done;
    };

    Writer(std::unique_ptr<Session>, std::size_t max_waiting);
    /// After the jobs that are queued.
    ~Writer();

    /// Throws `io::Overloaded`.
    void add(Entry);

  private:
    void run();
    std::vector<Entry> next();
    void commit(std::vector<Entry>&);
    std::vector<std::exception_ptr> run_all(std::vector<Entry>&);

    std::unique_ptr<Session> session_;
    std::size_t max_waiting_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Entry> waiting_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace stoa::db
