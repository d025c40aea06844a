#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>

#include "stoa/gateway/config.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/io/finish.hpp"
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
        return io::finish(loop, std::move(work));
    }
};

}  // namespace stoa::gateway
