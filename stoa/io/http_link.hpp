#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include "stoa/io/http_client.hpp"
#include "stoa/io/http_url.hpp"

namespace stoa::io {

/// Rings once its time has come; the time may be moved.
class Alarm {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Alarm(const boost::asio::any_io_executor&);
    ~Alarm();
    Alarm(const Alarm&) = delete;

    /// Also forgets that it has rung.
    void set(Time, std::function<void()> ring);
    void move_to(Time);
    bool has_rung() const { return state_->has_rung; }

  private:
    struct State {
        explicit State(const boost::asio::any_io_executor& executor) : timer(executor) {}
        boost::asio::steady_timer timer;
        Time time;
        Time armed = Time::max();
        std::function<void()> ring;
        bool has_rung = false;
    };
    static void arm(const std::shared_ptr<State>&);

    std::shared_ptr<State> state_;
};

/// The connection broke, or was closed or cancelled from this side.
struct LinkFailure {
    boost::system::error_code code;
};

/// A connection of the client to one server, with or without TLS.
class Link {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    explicit Link(const boost::asio::any_io_executor& executor) : socket_(executor) {}

    /// Tries the server's addresses in turn, each for `config.connect`, until `deadline`. Throws
    /// `HttpFailure`. `tls` is asked for where needed.
    Task<void> connect(const UrlTarget&, const ClientConfig&,
                       const std::function<boost::asio::ssl::context&()>& tls, Alarm& alarm,
                       Alarm::Time deadline);

    /// 0 at the end. Both throw `LinkFailure`.
    Task<std::size_t> read(boost::asio::mutable_buffer);
    Task<void> write(std::string_view first, std::string_view second);
    void close();

    /// Open as far as can be seen without waiting, and silent.
    bool is_usable();

  private:
    Task<void> connect_any(const UrlTarget&, const ClientConfig&, Alarm&, Alarm::Time deadline);
    Task<void> handshake(const UrlTarget&, boost::asio::ssl::context&, Alarm&,
                         Alarm::Time deadline);

    Socket socket_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace stoa::io
