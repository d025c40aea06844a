#include "stoa/engines/serve.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace stoa::engines {

using inference::decode;
using inference::Frame;
using inference::FrameHeader;
using inference::FrameKind;
using inference::kFrameHeaderBytes;

namespace {

constexpr std::chrono::seconds kSignOfLife{1};
constexpr std::size_t kReadBytes = 64 * 1024;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

void send_all(int socket, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("send");
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
}

/// What arrives, cut into frames.
class Inbox {
  public:
    explicit Inbox(int socket) : socket_(socket) {}

    /// Waits for bytes if `may_wait`. False when the other side has closed.
    bool receive(bool may_wait) {
        pollfd waiting{socket_, POLLIN, 0};
        const int ready = poll(&waiting, 1, may_wait ? -1 : 0);
        if (ready == 0 || (ready < 0 && errno == EINTR)) return true;
        if (ready < 0) fail("poll");
        const std::size_t before = bytes_.size();
        bytes_.resize(before + kReadBytes);
        const ssize_t got = recv(socket_, bytes_.data() + before, kReadBytes, MSG_DONTWAIT);
        bytes_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno != EINTR && errno != EAGAIN) fail("recv");
        return got != 0;
    }

    /// Calls `take` with each whole frame.
    template <class F>
    void each_frame(F take) {
        std::size_t at = 0;
        while (bytes_.size() - at >= kFrameHeaderBytes) {
            const Bytes rest = Bytes(bytes_).subspan(at);
            const FrameHeader header = inference::parse_frame_header(rest.first(kFrameHeaderBytes));
            if (rest.size() - kFrameHeaderBytes < header.body_bytes) break;
            take(header, rest.subspan(kFrameHeaderBytes, header.body_bytes));
            at += kFrameHeaderBytes + header.body_bytes;
        }
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    }

  private:
    int socket_;
    ByteVector bytes_;
};

void take(const FrameHeader& header, Bytes body, Backend& backend, Outbox& out) {
    switch (header.kind) {
        case FrameKind::count:
            return backend.count(header.call, decode<inference::CountMessage>(body).prompt, out);
        case FrameKind::generate:
            return backend.generate(header.call, decode<inference::GenerateRequest>(body), out);
        case FrameKind::embed:
            return backend.embed(header.call, decode<inference::EmbedMessage>(body).texts, out);
        case FrameKind::infer:
            return backend.infer(header.call, decode<inference::Tensors>(body), out);
        case FrameKind::cancel: return backend.cancel(header.call);
        case FrameKind::ready:
        case FrameKind::failed:
        case FrameKind::alive:
        case FrameKind::refused:
        case FrameKind::counted:
        case FrameKind::prompt:
        case FrameKind::piece:
        case FrameKind::done:
        case FrameKind::embeddings:
        case FrameKind::tensors: break;
    }
    throw inference::ProtocolError("a worker's frame from the node");
}

}  // namespace

void serve(int socket, Backend& backend, const Hash256& engine_digest) {
    using Clock = std::chrono::steady_clock;
    Outbox out;
    inference::ReadyMessage ready{backend.info(), backend.signature()};
    ready.info.engine_digest = engine_digest;
    out.send(FrameKind::ready, 0, std::move(ready));

    Inbox inbox(socket);
    auto last_sent = Clock::now();
    for (;;) {
        if (!backend.idle()) backend.step(out);
        if (!backend.idle() && Clock::now() - last_sent > kSignOfLife) {
            out.send(FrameKind::alive, 0, inference::Nothing{});
        }
        if (const ByteVector bytes = out.take(); !bytes.empty()) {
            send_all(socket, bytes);
            last_sent = Clock::now();
        }
        if (!inbox.receive(backend.idle())) return;
        inbox.each_frame(
            [&](const FrameHeader& header, Bytes body) { take(header, body, backend, out); });
    }
}

void report_failure(int socket, const std::string& why) {
    send_all(socket, encode(FrameKind::failed, 0, inference::FailedMessage{why}));
}

}  // namespace stoa::engines
