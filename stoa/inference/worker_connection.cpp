#include "stoa/inference/worker_connection.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "stoa/io/deadline.hpp"

namespace stoa::inference {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kMaxErrorsKept = 1024;

// A worker's own words, for a log or an operator: one line, and nothing that a terminal obeys.
std::string printable(std::string_view text) {
    std::string clean;
    for (const char c : text.substr(0, kMaxErrorsKept)) {
        const auto byte = static_cast<unsigned char>(c);
        clean += byte < 0x20 || byte > 0x7E ? ' ' : c;
    }
    const auto end = clean.find_last_not_of(' ');
    clean.resize(end == std::string::npos ? 0 : end + 1);
    return clean;
}

}  // namespace

std::shared_ptr<WorkerConnection> WorkerConnection::start(asio::any_io_executor executor,
                                                          const std::filesystem::path& program,
                                                          const std::vector<std::string>& arguments,
                                                          int file) {
    auto self =
        std::make_shared<WorkerConnection>(executor, spawn_worker(program, arguments, file));
    asio::co_spawn(executor, self->read_errors(self), asio::detached);
    return self;
}

WorkerConnection::WorkerConnection(asio::any_io_executor executor, WorkerProcess process)
    : executor_(executor),
      process_(process),
      socket_(executor, asio::local::stream_protocol(), process.socket),
      errors_(executor, process.errors),
      ended_(executor, process.ended),
      watch_timer_(executor),
      last_heard_(std::chrono::steady_clock::now()) {}

WorkerConnection::~WorkerConnection() {
    if (reaped_) return;
    kill();
    waitpid(process_.pid, nullptr, 0);
}

void WorkerConnection::kill() {
    if (!reaped_) ::kill(process_.pid, SIGKILL);
}

// ---- what comes --------------------------------------------------------------------------------

Task<Frame> WorkerConnection::read_frame() {
    std::array<std::uint8_t, kFrameHeaderBytes> header_bytes;
    co_await asio::async_read(socket_, asio::buffer(header_bytes), asio::use_awaitable);
    const FrameHeader header = parse_frame_header(header_bytes);
    Frame frame{header.kind, header.call, ByteVector(header.body_bytes)};
    co_await asio::async_read(socket_, asio::buffer(frame.body), asio::use_awaitable);
    last_heard_ = std::chrono::steady_clock::now();
    co_return frame;
}

Task<ReadyMessage> WorkerConnection::wait_ready(std::chrono::milliseconds deadline) {
    std::string why;
    try {
        const Frame frame = co_await io::with_deadline(deadline, read_frame());
        if (frame.kind == FrameKind::ready) co_return decode<ReadyMessage>(frame.body);
        if (frame.kind != FrameKind::failed) throw ProtocolError("the first frame isn't `ready`");
        why = printable(decode<FailedMessage>(frame.body).why);
    } catch (const io::DeadlineExceeded&) {
        why = "it took too long to load the model";
    } catch (const ProtocolError& error) {
        why = error.what();
    } catch (const boost::system::system_error&) {
        // It ended; how is known below.
    }
    what_we_saw_ = why;
    kill();
    const std::string story = co_await end();
    throw EngineFailure(story);
}

Task<void> WorkerConnection::read_all() {
    try {
        for (;;) dispatch(co_await read_frame());
    } catch (const ProtocolError& error) {
        what_we_saw_ = std::string("it broke the protocol: ") + error.what();
    } catch (const boost::system::system_error&) {
        // It ended, or was ended.
    }
}

void WorkerConnection::dispatch(Frame frame) {
    if (frame.kind == FrameKind::alive) return;
    const auto it = calls_.find(frame.call);
    if (it == calls_.end()) return;  // cancelled
    Call& call = *it->second;
    if (call.frames_left_-- == 0) throw ProtocolError("more frames than the call can have");
    call.frames_.push_back(std::move(frame));
    call.wake_.cancel();
}

Task<void> WorkerConnection::read_errors(std::shared_ptr<WorkerConnection>) {
    std::array<char, 4096> chunk;
    error_code error;
    for (;;) {
        const std::size_t got = co_await errors_.async_read_some(
            asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        last_errors_.append(chunk.data(), got);
        if (last_errors_.size() > kMaxErrorsKept) {
            last_errors_.erase(0, last_errors_.size() - kMaxErrorsKept);
        }
    }
}

// ---- what goes ---------------------------------------------------------------------------------

void WorkerConnection::send(ByteVector frame) {
    outgoing_.push_back(std::move(frame));
    if (writing_) return;
    writing_ = true;
    asio::co_spawn(executor_, write_queue(shared_from_this()), asio::detached);
}

Task<void> WorkerConnection::write_queue(std::shared_ptr<WorkerConnection>) {
    error_code error;
    while (!outgoing_.empty() && !error) {
        const ByteVector frame = std::move(outgoing_.front());
        outgoing_.pop_front();
        co_await asio::async_write(socket_, asio::buffer(frame),
                                   asio::redirect_error(asio::use_awaitable, error));
    }
    outgoing_.clear();  // of a worker that is gone; whoever reads from it notices
    writing_ = false;
}

// ---- its end -----------------------------------------------------------------------------------

Task<void> WorkerConnection::watch(std::shared_ptr<WorkerConnection>,
                                   std::chrono::milliseconds silence) {
    while (failure_.empty()) {
        watch_timer_.expires_after(silence / 4);
        error_code error;
        co_await watch_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error || reaped_) co_return;
        if (calls_.empty()) {
            last_heard_ = std::chrono::steady_clock::now();
        } else if (std::chrono::steady_clock::now() - last_heard_ > silence) {
            what_we_saw_ = "it gave no sign of life";
            kill();
            co_return;
        }
    }
}

Task<std::string> WorkerConnection::run(std::chrono::milliseconds silence) {
    const auto self = shared_from_this();
    last_heard_ = std::chrono::steady_clock::now();
    asio::co_spawn(executor_, watch(self, silence), asio::detached);
    co_await read_all();
    kill();
    failure_ = co_await end();
    watch_timer_.cancel();
    for (auto& [number, call] : calls_) call->wake_.cancel();
    co_return failure_;
}

// After a kill: waits for the process to be gone and says what is known of its end.
Task<std::string> WorkerConnection::end() {
    error_code error;
    co_await ended_.async_wait(asio::posix::stream_descriptor::wait_read,
                               asio::redirect_error(asio::use_awaitable, error));
    int status = 0;
    waitpid(process_.pid, &status, 0);
    reaped_ = true;
    socket_.close(error);
    std::string why = what_we_saw_.empty() ? describe_end(status) : what_we_saw_;
    if (const std::string words = printable(last_errors_); !words.empty() && words != why) {
        why += "; its last words: " + words;
    }
    co_return "the worker ended: " + why;
}

// ---- calls -------------------------------------------------------------------------------------

WorkerConnection::Call::~Call() {
    connection_->calls_.erase(number_);
    if (finished_ || connection_->reaped_) return;
    connection_->send(encode(FrameKind::cancel, number_, Nothing{}));
}

Task<Frame> WorkerConnection::Call::next() {
    while (frames_.empty()) {
        if (!connection_->failure_.empty()) throw EngineFailure(connection_->failure_);
        error_code error;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    Frame frame = std::move(frames_.front());
    frames_.pop_front();
    co_return frame;
}

}  // namespace stoa::inference
