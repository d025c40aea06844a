#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/io/task.hpp"

namespace stoa::io {

/// Runs `loop` on this thread until `work` is done; returns or throws what it does. Other work of
/// the loop stays where it is, and goes on when the loop runs again. For the start and the end of
/// a program, never from within the loop.
template <class T>
T finish(boost::asio::io_context& loop, Task<T> work) {
    std::exception_ptr thrown;
    loop.restart();
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure) {
            thrown = failure;
            loop.stop();
        });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    } else {
        std::optional<T> result;
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure, T value) {
            thrown = failure;
            if (!failure) result.emplace(std::move(value));
            loop.stop();
        });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return *std::move(result);
    }
}

}  // namespace stoa::io
