#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "stoa/io/http_client.hpp"
#include "stoa/io/http_server.hpp"

namespace stoa::io {

/// A wait that the test ends, never time.
class Gate {
  public:
    explicit Gate(boost::asio::io_context& loop)
        : timer_(loop, boost::asio::steady_timer::time_point::max()) {}
    void open() { timer_.expires_at(boost::asio::steady_timer::time_point::min()); }
    Task<void> pass() {
        boost::system::error_code ignored;
        co_await timer_.async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        was_cancelled_ = state.cancelled() != boost::asio::cancellation_type::none;
    }
    bool was_cancelled() const { return was_cancelled_; }

  private:
    boost::asio::steady_timer timer_;
    bool was_cancelled_ = false;
};

/// A server, a client and a test that is a task, on one event loop.
class HttpLoop : public testing::Test {
  protected:
    using Socket = boost::asio::ip::tcp::socket;

    HttpLoop() : client_(loop_.get_executor()) {}

    /// Also ends the server, so that the loop ends: every connection has to.
    void run(Task<void> test) {
        std::exception_ptr thrown;
        auto whole = [](HttpLoop& it, Task<void> work, std::exception_ptr& error) -> Task<void> {
            try {
                co_await with_deadline(std::chrono::seconds(60), std::move(work));
            } catch (...) {
                error = std::current_exception();
            }
            if (it.server_) co_await it.server_->stop(std::chrono::seconds(30));
        };
        boost::asio::co_spawn(loop_, whole(*this, std::move(test), thrown),
                              [](std::exception_ptr) {});
        loop_.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    void serve(Handler handler, ServerLimits limits = {}, Refusal refusal = {}) {
        server_.emplace(loop_.get_executor(), std::move(handler), std::move(limits),
                        std::move(refusal));
        port_ = server_->listen("127.0.0.1", 0);
    }

    std::string url(std::string_view target) const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
    }

    Task<Socket> connect() {
        Socket socket(loop_);
        co_await socket.async_connect({boost::asio::ip::address_v4::loopback(), port_},
                                      boost::asio::use_awaitable);
        co_return socket;
    }

    static Task<void> send(Socket& socket, std::string text) {
        co_await boost::asio::async_write(socket, boost::asio::buffer(text),
                                          boost::asio::use_awaitable);
    }

    /// Reads until `end` has come, or the connection has ended.
    static Task<std::string> receive(Socket& socket, std::string end = "\xff") {
        std::string all;
        std::string piece(64 * 1024, '\0');
        boost::system::error_code error;
        while (!error && all.find(end) == std::string::npos) {
            const auto got = co_await socket.async_read_some(
                boost::asio::buffer(piece),
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            all.append(piece, 0, got);
        }
        co_return all;
    }

    /// What the server answers to `text` until it closes the connection.
    Task<std::string> talk(std::string text) {
        Socket socket = co_await connect();
        co_await send(socket, std::move(text));
        co_return co_await receive(socket);
    }

    boost::asio::io_context loop_{1};
    std::optional<Server> server_;
    Client client_;
    unsigned short port_ = 0;
};

/// A handler without waits.
template <class F>
Handler answering(F f) {
    return [f](Request& request) -> Task<Response> { co_return f(request); };
}

}  // namespace stoa::io
