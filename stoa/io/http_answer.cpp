// How a connection writes its answers.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/io/http_connection.hpp"
#include "stoa/io/http_file.hpp"

namespace stoa::io {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

/// A body up to this size is copied behind its head: cheaper than a second buffer.
constexpr std::size_t kCopiedBytes = 2 * 1024;
constexpr std::size_t kFilePieceBytes = 256 * 1024;

std::string_view digits_of(std::uint64_t number, std::span<char> room, int base = 10) {
    const auto result = std::to_chars(room.data(), room.data() + room.size(), number, base);
    return {room.data(), static_cast<std::size_t>(result.ptr - room.data())};
}

bool is_ours(std::string_view name) {
    for (const std::string_view ours :
         {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
        if (equal_ignoring_case(name, ours)) return true;
    }
    return false;
}

bool has_no_body(unsigned status) {
    return status < 200 || status == 204 || status == 304;
}

}  // namespace

class Connection::BodyWriter final : public Writer {
  public:
    explicit BodyWriter(Connection& connection) : connection_(connection) {}

    Task<bool> write(std::string_view bytes) override {
        if (is_gone_ || bytes.empty()) co_return !is_gone_;
        std::array<char, 20> room;
        std::string_view size;
        if (!connection_.is_http_1_0_) {
            const auto digits = digits_of(bytes.size(), std::span(room).first(16), 16);
            room[digits.size()] = '\r';
            room[digits.size() + 1] = '\n';
            size = {room.data(), digits.size() + 2};
        }
        const std::string_view end = size.empty() ? "" : "\r\n";
        try {
            co_await connection_.write_all(size, bytes, end);
        } catch (const boost::system::system_error&) {
            if (connection_.aborted_) throw;
            lose();
        }
        co_return !is_gone_;
    }

    bool is_gone() const override { return is_gone_; }

    void on_gone(std::function<void()> callback) override {
        if (is_gone_) {
            callback();
        } else {
            callback_ = std::move(callback);
        }
    }

    void lose() {
        if (is_gone_) return;
        is_gone_ = true;
        if (const auto callback = std::exchange(callback_, nullptr)) callback();
    }

  private:
    Connection& connection_;
    std::function<void()> callback_;
    bool is_gone_ = false;
};

Task<void> Connection::write(Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) {
        co_await write_text(response, *text);
    } else if (const auto* shared = std::get_if<SharedBody>(&response.body)) {
        co_await write_text(response, *shared ? std::string_view(**shared) : std::string_view());
    } else if (const auto* stream = std::get_if<Stream>(&response.body)) {
        co_await write_stream(response, *stream);
    } else {
        const auto file = std::get<FileBody>(std::move(response.body));
        co_await write_file(response, file);
    }
}

void Connection::begin_head(const Response& response) {
    std::array<char, 20> room;
    head_.clear();
    head_.append("HTTP/1.1 ").append(digits_of(response.status, room)).push_back(' ');
    head_.append(reason_of(response.status)).append("\r\nDate: ").append(context_->date());
    head_.append("\r\n");
    for (const auto& [name, value] : response.headers) {
        if (is_ours(name)) continue;
        const auto start = head_.size();
        head_.append(name).append(": ").append(value);
        // A line end inside would let whoever chose the value write headers of his own.
        std::replace_if(
            head_.begin() + static_cast<std::ptrdiff_t>(start), head_.end(),
            [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
        head_.append("\r\n");
    }
    if (!keeps_alive_) {
        head_.append("Connection: close\r\n");
    } else if (is_http_1_0_) {
        head_.append("Connection: keep-alive\r\n");
    }
}

void Connection::end_head(std::uint64_t content_length) {
    std::array<char, 20> room;
    head_.append("Content-Length: ").append(digits_of(content_length, room)).append("\r\n\r\n");
}

Task<void> Connection::write_text(const Response& response, std::string_view text) {
    begin_head(response);
    if (has_no_body(response.status)) {
        head_.append("\r\n");
        text = {};
    } else {
        end_head(text.size());
    }
    if (request_.method == Method::head) text = {};
    if (text.size() <= kCopiedBytes) {
        head_.append(text);
        text = {};
    }
    return write_all(head_, text);
}

Task<void> Connection::write_stream(const Response& response, const Stream& stream) {
    if (is_http_1_0_) keeps_alive_ = false;
    begin_head(response);
    head_.append(is_http_1_0_ ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
    co_await write_all(head_);
    if (request_.method == Method::head || !stream) co_return;

    BodyWriter writer(*this);
    stream_ = &writer;
    watch();
    bool is_whole = false;
    try {
        co_await stream(writer);
        is_whole = !writer.is_gone();
    } catch (const std::exception& error) {
        stream_ = nullptr;
        if (aborted_) throw;
        context_->log.error("a stream failed", {{"path", request_.path}, {"why", error.what()}});
    }
    stream_ = nullptr;
    error_code ignored;
    socket_.cancel(ignored);  // The watch.
    if (is_whole && !is_http_1_0_) {
        co_await write_all("0\r\n\r\n");
    } else {
        keeps_alive_ = false;
    }
}

void Connection::watch() {
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
        if (error || self->stream_ == nullptr) return;
        char byte = 0;
        const auto got = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) return;  // The next request; its end cannot be seen behind it.
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            self->watch();
        } else {
            self->stream_->lose();
        }
    });
}

Task<void> Connection::write_file(Response& response, const FileBody& body) {
    auto file = co_await on(context_->files, [&] { return OpenFile::open(body.path); });
    if (!file) {
        response = context_->refusal(404, "There is no such file.");
        response.body = std::get<std::string>(std::move(response.body));
        co_return co_await write_text(response, std::get<std::string>(response.body));
    }
    ByteRange range{0, file->size()};
    response.headers.set("Accept-Ranges", "bytes");
    const auto header = request_.headers.get("Range");
    const auto condition = request_.headers.get("If-Range");
    const bool applies = header && response.status == 200 && request_.method == Method::get &&
                         (!condition || condition == response.headers.get("ETag"));
    const auto kind = applies ? parse_range(*header, file->size(), range) : RangeKind::whole;
    const auto whole = std::to_string(file->size());
    if (kind == RangeKind::unsatisfiable) {
        response = context_->refusal(416, "The file has no such range.");
        response.headers.set("Content-Range", "bytes */" + whole);
        co_return co_await write_text(response, std::get<std::string>(response.body));
    }
    if (kind == RangeKind::part) {
        response.status = 206;
        response.headers.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                  std::to_string(range.first + range.size - 1) +
                                                  "/" + whole);
    }
    begin_head(response);
    end_head(range.size);
    if (request_.method == Method::head || range.size == 0) {
        co_return co_await write_all(head_);
    }
    std::string piece;
    bool is_first = true;
    while (range.size > 0) {
        piece.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(range.size, kFilePieceBytes)));
        co_await on(context_->files, [&] { file->read(range.first, piece); });
        range.first += piece.size();
        range.size -= piece.size();
        co_await write_all(is_first ? std::string_view(head_) : std::string_view(), piece);
        is_first = false;
    }
}

Task<void> Connection::write_all(std::string_view first, std::string_view second,
                                 std::string_view third) {
    std::array<asio::const_buffer, 3> buffers{asio::buffer(first), asio::buffer(second),
                                              asio::buffer(third)};
    const auto skip = [&](std::size_t bytes) {
        for (auto& buffer : buffers) {
            const auto taken = std::min(bytes, buffer.size());
            buffer += taken;
            bytes -= taken;
        }
    };
    // Most answers fit into the socket's buffer at once, and need no wait.
    error_code error;
    skip(socket_.write_some(buffers, error));
    while (asio::buffer_size(buffers) > 0) {
        if (error && error != asio::error::would_block) {
            throw boost::system::system_error(error);
        }
        timed_out_ = false;
        deadline_ = steady_clock::now() + context_->limits.write;
        error = {};
        skip(co_await socket_.async_write_some(buffers, asio::use_awaitable));
    }
    deadline_ = Time::max();
}

void Connection::refuse_at_once(unsigned status, std::string_view why) {
    const auto response = context_->refusal(status, why);
    const auto* text = std::get_if<std::string>(&response.body);
    begin_head(response);
    end_head(text ? text->size() : 0);
    if (text) head_.append(*text);
    error_code ignored;
    socket_.write_some(asio::buffer(head_), ignored);
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace stoa::io
