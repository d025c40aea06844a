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
#include "stoa/io/log.hpp"

namespace stoa::io {

struct ServerLimits {
    std::size_t header_bytes = 32 * 1024;      ///< Else 431.
    std::size_t body_bytes = 4 * 1024 * 1024;  ///< Else 413.
    /// One more pushes out the client that has been idle for longest; 503 where none is.
    std::size_t connections = 4'096;
    std::chrono::milliseconds idle{75'000};     ///< Between two requests; then closed.
    std::chrono::milliseconds request{30'000};  ///< From the first byte to the last; else 408.
    std::chrono::milliseconds write{60'000};    ///< A client that takes nothing for so long is
                                                ///< gone.
    /// Per request, once its headers are known; `body_bytes` where empty.
    std::function<std::size_t(const Request&)> body_bytes_of = {};
};

/// The address cannot be listened on; `what()` is for people: in use, not ours, not allowed.
class BindFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// What the server itself answers: 400, 408, 413, 431, 500, 501, 503; `why` is a sentence.
using Refusal = std::function<Response(unsigned status, std::string_view why)>;

/// HTTP/1.1 on TCP and unix sockets; keep-alive, one request at a time on a connection. Lives on
/// one event loop, where `handler` runs; call it there or before the loop runs.
class Server {
  public:
    Server(boost::asio::any_io_executor, Handler, ServerLimits = {}, Refusal = {}, Log = {});
    /// Closes what `stop` has not.
    ~Server();
    Server(const Server&) = delete;

    /// Returns the port, which the system chooses for 0. `host` is an IP address or "localhost".
    /// Throws `BindFailure`.
    unsigned short listen(const std::string& host, unsigned short port);

    /// Replaces a socket that nobody listens on any more; mode 0600. Throws `BindFailure`.
    void listen_unix(const std::filesystem::path&);

    /// Accepts nothing more, closes idle connections, lets requests finish for up to `grace`, then
    /// breaks them off.
    Task<void> stop(Duration grace);

    std::size_t connections() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace stoa::io
