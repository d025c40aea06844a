#include "stoa/io/pool.hpp"

#include <atomic>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::io {

namespace asio = boost::asio;

struct Pool::Impl {
    Impl(std::size_t count, std::size_t max) : threads(count), max_jobs(max + count) {}

    asio::thread_pool threads;
    std::size_t max_jobs;
    std::atomic<std::size_t> jobs = 0;
};

Pool::Pool(std::size_t threads, std::size_t max_waiting)
    : impl_(std::make_unique<Impl>(threads, max_waiting)) {}

Pool::~Pool() {
    join();
}

void Pool::join() {
    impl_->threads.join();
}

std::size_t Pool::busy() const {
    return impl_->jobs;
}

Task<void> run_on(Pool& pool, void (*job)(void*), void* context) {
    auto& impl = pool.impl();
    if (++impl.jobs > impl.max_jobs) {
        --impl.jobs;
        throw Overloaded("too much work is waiting for a thread");
    }
    const auto start = [&](auto handler) {
        auto work = asio::make_work_guard(asio::get_associated_executor(handler));
        asio::post(impl.threads, [job, context, jobs = &impl.jobs, work = std::move(work),
                                  handler = std::move(handler)]() mutable {
            job(context);
            --*jobs;
            const auto executor = work.get_executor();
            asio::post(executor, std::move(handler));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start,
                                                                         asio::use_awaitable);
}

}  // namespace stoa::io
