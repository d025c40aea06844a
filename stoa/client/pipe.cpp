#include "stoa/client/pipe.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::client {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxPieces = 16;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

using Error = boost::system::error_code;

}  // namespace

struct Pipe::Impl {
    explicit Impl(const asio::any_io_executor& executor)
        : started(executor, 1), pieces(executor, kMaxPieces) {}

    asio::experimental::channel<void(Error)> started;
    asio::experimental::channel<void(Error, std::string)> pieces;
};

Pipe::Pipe(asio::any_io_executor executor) : impl_(std::make_unique<Impl>(executor)) {}

Pipe::~Pipe() = default;

Task<void> Pipe::begin(const io::ClientResponse& head) {
    io::Response response{head.status};
    if (const auto type = head.headers.get("Content-Type")) {
        response.headers.set("Content-Type", std::string{*type});
    }
    head_ = std::move(response);
    impl_->started.try_send(Error{});
    co_return;
}

Task<bool> Pipe::piece(std::string_view bytes) {
    std::string copy{bytes};
    const auto [error] = co_await impl_->pieces.async_send(Error{}, std::move(copy), kTuple);
    co_return !error;
}

Task<void> Pipe::finish(std::optional<io::Response> refusal) {
    if (!head_) {
        head_ = refusal ? *std::move(refusal) : io::Response{502};
        refused_ = true;
        impl_->started.try_send(Error{});
    }
    co_await impl_->pieces.async_send(asio::error::eof, std::string{}, kTuple);
}

Task<io::Response> Pipe::head() {
    co_await impl_->started.async_receive(kTuple);
    io::Response response = std::move(*head_);
    co_return response;
}

Task<std::optional<std::string>> Pipe::next() {
    auto [error, bytes] = co_await impl_->pieces.async_receive(kTuple);
    std::optional<std::string> out;
    if (!error) out = std::move(bytes);
    co_return out;
}

void Pipe::close() {
    impl_->pieces.close();
}

struct Turnstile::Impl {
    explicit Impl(const asio::any_io_executor& executor) : inside(executor, 1) {}
    asio::experimental::channel<void(Error)> inside;
};

Turnstile::Turnstile(asio::any_io_executor executor) : impl_(std::make_unique<Impl>(executor)) {}

Turnstile::~Turnstile() = default;

Task<void> Turnstile::enter() {
    co_await impl_->inside.async_send(Error{}, kTuple);
}

void Turnstile::leave() {
    impl_->inside.try_receive([](Error) {});
}

}  // namespace stoa::client
