#pragma once

#include <chrono>
#include <ctime>
#include <memory>
#include <string>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "stoa/io/http_parser.hpp"
#include "stoa/io/http_server.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::io {

/// What a server's connections share.
struct ServerContext {
    Handler handler;
    ServerLimits limits;
    Refusal refusal;
    Log log;
    Pool files{1};
    bool is_stopping = false;

    /// The value of a Date header, made once a second.
    const std::string& date();

  private:
    std::time_t date_time_ = 0;
    std::string date_;
};

/// One client: reads a request, has it answered, and again. `run` is its coroutine; the server
/// looks at its deadline now and then (`check`), which is cheaper than a timer for each wait.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    using Time = std::chrono::steady_clock::time_point;

    Connection(Socket socket, std::string remote, std::shared_ptr<ServerContext> context);

    Task<void> run();

    /// Breaks off a wait that has taken too long.
    void check(Time now);
    bool is_idle() const { return is_idle_; }
    /// When it is broken off unless something comes.
    Time deadline() const { return deadline_; }
    /// Closes the socket and cancels what the handler waits for.
    void abort();
    auto cancellation_slot() { return cancellation_.slot(); }

    /// Answers what there is no room for, without waiting.
    void refuse_at_once(unsigned status, std::string_view why);

  private:
    class BodyWriter;
    enum class Outcome { keep, close };

    Task<Outcome> serve_one();
    void let_go();
    Task<bool> read_head(MessageParser&);
    Task<bool> read_body(MessageParser&);
    Task<bool> read_sized_body(MessageParser&, std::uint64_t size);
    /// The status of what is wrong with the head, and why; 0 when nothing is.
    unsigned judge(MessageParser&, std::string_view& why);
    std::uint64_t max_body_bytes() const;
    Task<Response> answer();
    Task<void> refuse(unsigned status, std::string_view why);

    Task<bool> fill();
    std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
    void take(std::size_t bytes) { begin_ += bytes; }

    Task<void> write(Response& response);
    Task<void> write_text(const Response&, std::string_view text);
    Task<void> write_stream(const Response&, const Stream&);
    Task<void> write_file(Response&, const FileBody&);
    void begin_head(const Response&);
    void end_head(std::uint64_t content_length);
    Task<void> write_all(std::string_view first, std::string_view second = {},
                         std::string_view third = {});
    Task<void> linger();
    void watch();

    Socket socket_;
    std::shared_ptr<ServerContext> context_;
    boost::asio::cancellation_signal cancellation_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string head_;
    Request request_;
    BodyWriter* stream_ = nullptr;
    Time deadline_ = Time::max();
    bool is_idle_ = false;
    bool is_http_1_0_ = false;
    bool keeps_alive_ = false;
    bool timed_out_ = false;
    bool aborted_ = false;
};

}  // namespace stoa::io
