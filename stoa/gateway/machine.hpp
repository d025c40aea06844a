#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/gateway/config.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/io/http_client.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/metrics.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::gateway {

/// What everything else stands on. The loop outlives the pool's users, so it is declared first.
struct Machine {
    boost::asio::io_context loop{1};
    io::Pool pool{2};
    io::SystemClock clock;
    io::Metrics metrics;
    io::Log log;
    io::Client client{loop.get_executor()};

    explicit Machine(const Config& config) : log(config.log_format, config.log_level) {}

    /// Runs the loop until `work` is done: for steps of the start and the end.
    template <class T>
    T finish(Task<T> work) {
        std::exception_ptr thrown;
        std::optional<T> result;
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure, T value) {
            thrown = failure;
            if (!failure) result.emplace(std::move(value));
            loop.stop();
        });
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }

    void finish(Task<void> work) {
        std::exception_ptr thrown;
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure) {
            thrown = failure;
            loop.stop();
        });
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    }
};

}  // namespace stoa::gateway
