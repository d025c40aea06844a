#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/io/deadline.hpp"
#include "stoa/io/http.hpp"

namespace stoa::io {

struct ClientRequest {
    ClientRequest() = default;
    explicit ClientRequest(std::string where, Method how = Method::get, std::string what = {})
        : method(how), url(std::move(where)), body(std::move(what)) {}

    Method method = Method::get;
    std::string url;  ///< `http://`, `https://`, or `unix_url`.
    Headers headers;
    std::string body;
    Duration deadline = std::chrono::seconds(30);  ///< For all of it.
    std::size_t max_body_bytes = 32 * 1024 * 1024;
    unsigned redirects = 0;  ///< Followed for GET and HEAD, at most so many.
};

struct ClientResponse {
    unsigned status = 0;
    Headers headers = {};
    std::string body = {};
};

/// No answer. `maybe_sent` is false when the server cannot have seen the request, so that even
/// one with effects may be sent again.
class HttpFailure : public std::runtime_error {
  public:
    enum class Kind { bad_url, unresolved, forbidden, refused, tls, timeout, broken, too_large };

    HttpFailure(Kind kind, bool maybe_sent, const std::string& what)
        : std::runtime_error(what), kind_(kind), maybe_sent_(maybe_sent) {}
    Kind kind() const { return kind_; }
    bool maybe_sent() const { return maybe_sent_; }

  private:
    Kind kind_;
    bool maybe_sent_;
};

struct ClientConfig {
    std::size_t idle_per_host = 16;
    std::chrono::milliseconds idle{30'000};
    std::chrono::milliseconds connect{10'000};
    /// For addresses that strangers choose: refuses loopback, private and link-local ones, and
    /// unix sockets.
    bool public_addresses_only = false;
    /// Certificates to trust besides the system's.
    std::filesystem::path ca_file = {};
    std::string user_agent = "stoa";
};

/// A URL of a server on a unix socket; `target` begins with `/`.
std::string unix_url(const std::filesystem::path& socket, std::string_view target);

/// An HTTP/1.1 client that keeps connections. Lives on one event loop; any number of requests at
/// once. A kept connection that turns out closed is replaced unseen, unless a POST may have been
/// read from it already.
class Client {
  public:
    explicit Client(boost::asio::any_io_executor, ClientConfig = {});
    ~Client();
    Client(const Client&) = delete;

    /// Any status is an answer. Throws `HttpFailure`.
    Task<ClientResponse> send(ClientRequest);

    /// False stops the transfer.
    using OnChunk = std::function<Task<bool>(std::string_view)>;

    /// The body of a 2xx answer goes to `on_chunk` as it arrives, and is not limited; that of
    /// another status into the response. `idle` is the longest wait for the next bytes. Throws
    /// `HttpFailure`, and what `on_chunk` throws.
    Task<ClientResponse> stream(ClientRequest, OnChunk on_chunk, Duration idle);

    /// Sees status and headers before the first chunk; false stops.
    using OnHead = std::function<Task<bool>(const ClientResponse&)>;
    Task<ClientResponse> stream(ClientRequest, OnHead, OnChunk, Duration idle);

  private:
    Task<ClientResponse> run(ClientRequest, const OnHead*, const OnChunk*, Duration idle);

    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::io
