#include "stoa/io/http_connection.hpp"

#include <algorithm>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::io {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kFirstBufferBytes = 8 * 1024;
/// How long a client that sent too much may go on before the connection is reset.
constexpr std::chrono::seconds kLinger{2};

bool split_target(Request& request) {
    std::string_view target = request.target;
    // RFC 9112 §3.2.2: servers take the absolute form too.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto slash = target.find('/', scheme.size());
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    if (target.empty() || (target.front() != '/' && target != "*")) return false;
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark == std::string_view::npos) return true;
    std::string_view rest = target.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const auto pair = rest.substr(0, end);
        const auto equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::string()
                         : percent_decode(pair.substr(equals + 1), true);
        if (!name || !value) return false;
        if (!pair.empty()) request.query.emplace_back(std::move(*name), std::move(*value));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return true;
}

}  // namespace

const std::string& ServerContext::date() {
    const auto now = std::time(nullptr);
    if (now != date_time_) {
        date_time_ = now;
        std::tm parts{};
        gmtime_r(&now, &parts);
        char text[64];
        date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    }
    return date_;
}

Connection::Connection(Socket socket, std::string remote, std::shared_ptr<ServerContext> context)
    : socket_(std::move(socket)), context_(std::move(context)), buffer_(kFirstBufferBytes, '\0') {
    request_.remote = std::move(remote);
    error_code ignored;
    socket_.non_blocking(true, ignored);
}

Task<void> Connection::run() {
    try {
        while (co_await serve_one() == Outcome::keep) {
        }
    } catch (const boost::system::system_error&) {
        // The client is gone, or we are stopping.
    } catch (const std::exception& error) {
        context_->log.error("a connection failed", {{"why", error.what()}});
    }
    error_code ignored;
    socket_.close(ignored);
}

void Connection::check(Time now) {
    if (now < deadline_) return;
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::abort() {
    aborted_ = true;
    error_code ignored;
    socket_.close(ignored);
    cancellation_.emit(asio::cancellation_type::terminal);
}

Task<Connection::Outcome> Connection::serve_one() {
    if (unread().empty()) {
        let_go();
        is_idle_ = true;
        deadline_ = steady_clock::now() + context_->limits.idle;
        const bool has_bytes = !context_->is_stopping && co_await fill();
        is_idle_ = false;
        if (!has_bytes) co_return Outcome::close;
    }
    deadline_ = steady_clock::now() + context_->limits.request;
    keeps_alive_ = false;
    timed_out_ = false;
    std::string remote = std::move(request_.remote);
    request_ = {};
    request_.remote = std::move(remote);
    MessageParser parser(MessageParser::Kind::request, context_->limits.header_bytes);
    if (!co_await read_head(parser)) co_return Outcome::close;

    request_.target = std::move(parser.head().target);
    request_.headers = std::move(parser.head().headers);
    is_http_1_0_ = parser.head().is_http_1_0;
    std::string_view why;
    if (const unsigned status = judge(parser, why); status != 0) {
        co_await refuse(status, why);
        co_return Outcome::close;
    }
    if (!co_await read_body(parser)) co_return Outcome::close;
    keeps_alive_ = parser.head().keeps_alive;

    deadline_ = Time::max();
    Response response = co_await answer();
    if (context_->is_stopping) keeps_alive_ = false;
    co_await write(response);
    co_return keeps_alive_ ? Outcome::keep : Outcome::close;
}

/// What an idle connection need not hold.
void Connection::let_go() {
    std::string().swap(request_.body);
    if (buffer_.size() <= kFirstBufferBytes) return;
    buffer_ = std::string(kFirstBufferBytes, '\0');
    begin_ = end_ = 0;
}

Task<bool> Connection::read_head(MessageParser& parser) {
    while (true) {
        take(parser.put(unread()));
        if (const auto failure = parser.failure()) {
            if (*failure == ParseFailure::header_too_large) {
                co_await refuse(431, "The request's headers are too large.");
            } else {
                co_await refuse(400, "This is not an HTTP/1.1 request.");
            }
            co_return false;
        }
        if (parser.has_head()) co_return true;
        if (unread().size() > context_->limits.header_bytes) {
            co_await refuse(431, "The request's headers are too large.");
            co_return false;
        }
        if (!co_await fill()) {
            if (timed_out_) co_await refuse(408, "The request did not arrive in time.");
            co_return false;
        }
    }
}

unsigned Connection::judge(MessageParser& parser, std::string_view& why) {
    const auto& head = parser.head();
    if (!head.method) {
        why = "This method is not known here.";
        return 501;
    }
    request_.method = *head.method;
    if (!split_target(request_)) {
        why = "The request's target is not a path with a well-formed query.";
        return 400;
    }
    if (!head.is_http_1_0 && !request_.headers.has("Host")) {
        why = "The request has no Host header.";
        return 400;
    }
    if (!head.is_chunked && request_.headers.has("Transfer-Encoding")) {
        why = "Bodies come as they are or chunked, in no other encoding.";
        return 501;
    }
    const auto max_bytes = max_body_bytes();
    parser.set_max_body_bytes(max_bytes);
    if (head.content_length.value_or(0) > max_bytes) {
        why = "The request's body is too large.";
        return 413;
    }
    return 0;
}

std::uint64_t Connection::max_body_bytes() const {
    const auto& limits = context_->limits;
    return limits.body_bytes_of ? limits.body_bytes_of(request_) : limits.body_bytes;
}

Task<bool> Connection::read_body(MessageParser& parser) {
    if (parser.is_done()) co_return true;
    const auto expect = request_.headers.get("Expect");
    if (expect && !is_http_1_0_ && unread().empty()) {
        head_ = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await write_all(head_);
        deadline_ = steady_clock::now() + context_->limits.request;
    }
    bool complete = false;
    if (const auto size = parser.head().content_length) {
        complete = co_await read_sized_body(parser, *size);
    } else {
        while (true) {
            take(parser.put(unread()));
            if (parser.is_done() || parser.failure()) break;
            if (unread().size() > context_->limits.header_bytes || !co_await fill()) break;
        }
        complete = parser.is_done();
        request_.body = std::move(parser.body());
    }
    if (complete) co_return true;
    if (timed_out_) {
        co_await refuse(408, "The request did not arrive in time.");
    } else if (parser.failure() == ParseFailure::body_too_large) {
        co_await refuse(413, "The request's body is too large.");
    } else if (parser.failure()) {
        co_await refuse(400, "The request's body is malformed.");
    }
    co_return false;
}

/// Reads past the parser, straight into the body.
Task<bool> Connection::read_sized_body(MessageParser& parser, std::uint64_t size) {
    // `judge` has refused what is too large.
    // Memory is taken as bytes come, so that a header alone costs nothing.
    constexpr std::size_t kStep = std::size_t{1} << 20;
    auto& body = request_.body;
    const auto wanted = static_cast<std::size_t>(size);
    const auto there = std::min(wanted, unread().size());
    body.assign(unread().substr(0, there));
    take(there);
    while (body.size() < wanted) {
        const auto filled = body.size();
        body.resize(std::min(wanted, std::max(filled + kStep, 2 * filled)));
        error_code error;
        co_await asio::async_read(socket_, asio::buffer(body.data() + filled, body.size() - filled),
                                  asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return false;
    }
    parser.body().clear();
    co_return true;
}

Task<Response> Connection::answer() {
    std::exception_ptr thrown;
    try {
        co_return co_await context_->handler(request_);
    } catch (const std::exception& error) {
        if (aborted_) throw;
        context_->log.error(
            "a request failed",
            {{"method", to_text(request_.method)}, {"path", request_.path}, {"why", error.what()}});
    }
    co_return context_->refusal(500, "The node could not do this; its log says why.");
}

Task<void> Connection::refuse(unsigned status, std::string_view why) {
    keeps_alive_ = false;
    timed_out_ = false;
    deadline_ = Time::max();
    Response response = context_->refusal(status, why);
    co_await write(response);
    co_await linger();
}

/// Closing while bytes are unread resets the connection, and the client may lose our answer.
Task<void> Connection::linger() {
    error_code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    deadline_ = steady_clock::now() + kLinger;
    while (!error) {
        co_await socket_.async_read_some(asio::buffer(buffer_),
                                         asio::redirect_error(asio::use_awaitable, error));
    }
}

Task<bool> Connection::fill() {
    if (timed_out_) co_return false;
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    error_code error;
    const auto got =
        co_await socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                                         asio::redirect_error(asio::use_awaitable, error));
    end_ += got;
    co_return !error;
}

}  // namespace stoa::io
