#include "stoa/db/writer.hpp"

#include <pthread.h>

#include "stoa/io/pool.hpp"

namespace stoa::db {
namespace {

/// Bounds how long the first of a group waits for the others.
constexpr std::size_t kMaxTogether = 128;

}  // namespace

Writer::Writer(std::unique_ptr<Session> session, std::size_t max_waiting)
    : session_(std::move(session)), max_waiting_(max_waiting), thread_([this] { run(); }) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Writer::add(Entry entry) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= max_waiting_) {
            throw io::Overloaded("too many writes are waiting for the database");
        }
        waiting_.push_back(std::move(entry));
    }
    changed_.notify_one();
}

std::vector<Writer::Entry> Writer::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    std::vector<Entry> group;
    while (!waiting_.empty() && group.size() < kMaxTogether) {
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return group;
}

void Writer::run() {
    ::pthread_setname_np(::pthread_self(), "db writer");
    while (true) {
        auto group = next();
        if (group.empty()) return;
        commit(group);
    }
}

void Writer::commit(std::vector<Entry>& group) {
    std::vector<std::exception_ptr> thrown(group.size());
    try {
        session_->run("BEGIN IMMEDIATE");
        thrown = run_all(group);
        session_->run("COMMIT");
    } catch (...) {
        session_->undo_all();
        for (auto& each : thrown) {
            if (!each) each = std::current_exception();
        }
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        const auto done = std::move(group[i].done);
        group[i].job = nullptr;
        done(thrown[i]);
    }
}

std::vector<std::exception_ptr> Writer::run_all(std::vector<Entry>& group) {
    std::vector<std::exception_ptr> thrown;
    if (group.size() == 1) {
        group.front().job(*session_);  // The transaction is its savepoint.
        return {nullptr};
    }
    for (auto& entry : group) {
        try {
            session_->savepoint([&] { entry.job(*session_); });
            thrown.emplace_back();
        } catch (...) {
            // SQLite undoes everything on a full disk or a broken file: then nobody's work is kept.
            if (!session_->in_transaction()) throw;
            thrown.push_back(std::current_exception());
        }
    }
    return thrown;
}

}  // namespace stoa::db
