#include "stoa/io/http_link.hpp"

#include <sys/socket.h>

#include <array>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace stoa::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

Alarm::Alarm(const asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {}

Alarm::~Alarm() {
    state_->ring = nullptr;
    state_->timer.cancel();
}

void Alarm::set(Time time, std::function<void()> ring) {
    state_->ring = std::move(ring);
    state_->has_rung = false;
    move_to(time);
}

void Alarm::move_to(Time time) {
    state_->time = time;
    // A later time costs nothing: the timer looks again when it fires.
    if (time < state_->armed) arm(state_);
}

void Alarm::arm(const std::shared_ptr<State>& state) {
    state->armed = state->time;
    state->timer.expires_at(state->time);
    state->timer.async_wait([state](error_code error) {
        if (error || !state->ring) return;
        if (std::chrono::steady_clock::now() < state->time) return arm(state);
        state->armed = Time::max();
        state->has_rung = true;
        // May set the alarm again.
        const auto ring = state->ring;
        ring();
    });
}

namespace {

Task<std::vector<Endpoint>> endpoints_of(const UrlTarget& target, bool public_only) {
    std::vector<Endpoint> endpoints;
    if (target.kind == UrlTarget::Kind::unix_socket) {
        if (public_only) {
            throw HttpFailure(HttpFailure::Kind::forbidden, false, "unix sockets are not allowed");
        }
        endpoints.emplace_back(asio::local::stream_protocol::endpoint(target.host));
        co_return endpoints;
    }
    std::vector<asio::ip::address> addresses;
    error_code error;
    const auto literal = asio::ip::make_address(target.host, error);
    if (!error) {
        addresses.push_back(literal);
    } else if (target.host == "localhost") {
        addresses.emplace_back(asio::ip::address_v4::loopback());
        addresses.emplace_back(asio::ip::address_v6::loopback());
    } else {
        tcp::resolver resolver(co_await asio::this_coro::executor);
        const auto found = co_await resolver.async_resolve(
            target.host, "", asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            throw HttpFailure(HttpFailure::Kind::unresolved, false,
                              "the name " + target.host + " has no address: " + error.message());
        }
        for (const auto& entry : found) addresses.push_back(entry.endpoint().address());
    }
    for (const auto& address : addresses) {
        if (public_only && !is_public(address)) continue;
        endpoints.emplace_back(tcp::endpoint(address, target.port));
    }
    if (endpoints.empty()) {
        throw HttpFailure(HttpFailure::Kind::forbidden, false,
                          target.host + " is no address on the public internet");
    }
    co_return endpoints;
}

}  // namespace

Task<void> Link::connect(const UrlTarget& target, const ClientConfig& config,
                         const std::function<asio::ssl::context&()>& tls, Alarm& alarm,
                         Alarm::Time deadline) {
    co_await connect_any(target, config, alarm, deadline);
    if (target.kind == UrlTarget::Kind::tls) {
        co_await handshake(target, tls(), alarm, deadline);
    }
}

Task<void> Link::connect_any(const UrlTarget& target, const ClientConfig& config, Alarm& alarm,
                             Alarm::Time deadline) {
    const auto endpoints = co_await endpoints_of(target, config.public_addresses_only);
    error_code error;
    bool was_slow = false;
    for (const auto& endpoint : endpoints) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) {
            was_slow = true;
            break;
        }
        close();
        alarm.set(std::min(deadline, now + config.connect), [this] { close(); });
        co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        was_slow = alarm.has_rung();
        if (was_slow || error) continue;
        if (target.kind != UrlTarget::Kind::unix_socket) {
            error_code ignored;
            socket_.set_option(tcp::no_delay(true), ignored);
        }
        co_return;
    }
    const auto where = target.kind == UrlTarget::Kind::unix_socket ? target.host : target.authority;
    if (was_slow) {
        throw HttpFailure(HttpFailure::Kind::timeout, false, where + " does not answer");
    }
    throw HttpFailure(HttpFailure::Kind::refused, false,
                      "cannot connect to " + where + ": " + error.message());
}

Task<void> Link::handshake(const UrlTarget& target, asio::ssl::context& context, Alarm& alarm,
                           Alarm::Time deadline) {
    tls_.emplace(socket_, context);
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback(asio::ssl::host_name_verification(target.host));
    error_code error;
    asio::ip::make_address(target.host, error);
    if (error) SSL_set_tlsext_host_name(tls_->native_handle(), target.host.c_str());
    alarm.set(deadline, [this] { close(); });
    error = {};
    co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                   asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return;
    if (alarm.has_rung()) {
        throw HttpFailure(HttpFailure::Kind::timeout, false,
                          target.authority + " does not finish its TLS handshake");
    }
    throw HttpFailure(HttpFailure::Kind::tls, false,
                      "no trusted TLS connection to " + target.authority + ": " + error.message());
}

Task<std::size_t> Link::read(asio::mutable_buffer buffer) {
    error_code error;
    std::size_t got = 0;
    if (tls_) {
        got = co_await tls_->async_read_some(buffer,
                                             asio::redirect_error(asio::use_awaitable, error));
    } else {
        got = co_await socket_.async_read_some(buffer,
                                               asio::redirect_error(asio::use_awaitable, error));
    }
    if (error && error != asio::error::eof) throw LinkFailure{error};
    co_return got;
}

Task<void> Link::write(std::string_view first, std::string_view second) {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(first), asio::buffer(second)};
    error_code error;
    if (tls_) {
        co_await asio::async_write(*tls_, buffers,
                                   asio::redirect_error(asio::use_awaitable, error));
    } else {
        co_await asio::async_write(socket_, buffers,
                                   asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) throw LinkFailure{error};
}

void Link::close() {
    error_code ignored;
    socket_.close(ignored);
}

bool Link::is_usable() {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace stoa::io
