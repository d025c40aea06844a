#include "stoa/io/http_server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/assert.hpp"
#include "stoa/io/http_connection.hpp"

namespace stoa::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using unix_protocol = asio::local::stream_protocol;

namespace {

constexpr int kBacklog = 1024;
/// After an accept that failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptPause{50};
/// How long a request that was broken off may take to end.
constexpr std::chrono::seconds kAbortGrace{5};

Response plain_refusal(unsigned status, std::string_view why) {
    return text_response(status, std::string(why) + "\n");
}

std::string remote_of(const tcp::socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? std::string() : endpoint.address().to_string();
}

std::string remote_of(const unix_protocol::socket&) {
    return "unix";
}

void prepare(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
}

void prepare(unix_protocol::socket&) {}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(asio::any_io_executor loop, Handler handler, ServerLimits limits, Refusal refusal, Log log)
        : executor(std::move(loop)),
          context(std::make_shared<ServerContext>()),
          sweep_timer(executor),
          drained(executor) {
        const auto shortest = std::min({limits.idle, limits.request, limits.write});
        sweep_every =
            std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
        context->handler = std::move(handler);
        context->limits = std::move(limits);
        context->refusal = refusal ? std::move(refusal) : plain_refusal;
        context->log = std::move(log);
    }

    template <class Acceptor>
    Task<void> accept_from(std::shared_ptr<Acceptor> acceptor) {
        while (acceptor->is_open()) {
            error_code error;
            auto socket =
                co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (!error) {
                add(std::move(socket));
            } else if (acceptor->is_open()) {
                context->log.warning("no connection can be accepted", {{"why", error.message()}});
                co_await sleep_for(kAcceptPause);
            }
        }
    }

    template <class Socket>
    void add(Socket socket) {
        prepare(socket);
        auto remote = remote_of(socket);
        auto connection =
            std::make_shared<Connection>(std::move(socket), std::move(remote), context);
        if (connections.size() >= context->limits.connections && !make_room()) {
            connection->refuse_at_once(503, "The node has too many connections.");
            return;
        }
        if (connections.empty()) sweep();
        connections.emplace(connection.get(), connection);
        asio::co_spawn(executor, connection->run(),
                       asio::bind_cancellation_slot(
                           connection->cancellation_slot(),
                           [self = shared_from_this(), connection](std::exception_ptr) {
                               self->remove(connection.get());
                           }));
    }

    /// Gives up the client that has been silent for longest, if one is.
    bool make_room() {
        Connection* silent = nullptr;
        for (const auto& [key, each] : connections) {
            if (!each->is_idle()) continue;
            if (silent == nullptr || each->deadline() < silent->deadline()) silent = key;
        }
        if (silent == nullptr) return false;
        const auto kept = connections.at(silent);
        connections.erase(silent);
        kept->abort();
        return true;
    }

    void remove(Connection* connection) {
        connections.erase(connection);
        if (!connections.empty()) return;
        sweep_timer.cancel();
        drained.cancel();
    }

    void sweep() {
        sweep_timer.expires_after(sweep_every);
        sweep_timer.async_wait([self = shared_from_this()](error_code error) {
            if (error || self->connections.empty()) return;
            const auto now = std::chrono::steady_clock::now();
            for (const auto& [key, connection] : self->connections) connection->check(now);
            self->sweep();
        });
    }

    template <class Acceptor>
    void start(std::shared_ptr<Acceptor> acceptor) {
        closers.push_back([acceptor] {
            error_code ignored;
            acceptor->close(ignored);
        });
        asio::co_spawn(executor, keep_alive(shared_from_this(), accept_from(std::move(acceptor))),
                       asio::detached);
    }

    /// The coroutine's `this` must outlive it.
    static Task<void> keep_alive(std::shared_ptr<Impl>, Task<void> work) {
        co_await std::move(work);
    }

    void close() {
        context->is_stopping = true;
        for (const auto& closer : std::exchange(closers, {})) closer();
        for (const auto& path : std::exchange(socket_files, {})) ::unlink(path.c_str());
    }

    template <class Predicate>
    void abort_if(Predicate predicate) {
        const auto all = connections;
        for (const auto& [key, connection] : all) {
            if (predicate(*connection)) connection->abort();
        }
    }

    Task<void> wait_until_drained(Duration limit) {
        if (connections.empty()) co_return;
        drained.expires_after(limit);
        error_code ignored;
        co_await drained.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

    asio::any_io_executor executor;
    std::shared_ptr<ServerContext> context;
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
    std::vector<std::function<void()>> closers;
    std::vector<std::filesystem::path> socket_files;
    asio::steady_timer sweep_timer;
    asio::steady_timer drained;
    std::chrono::milliseconds sweep_every{};
};

Server::Server(asio::any_io_executor executor, Handler handler, ServerLimits limits,
               Refusal refusal, Log log)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(handler), std::move(limits),
                                   std::move(refusal), std::move(log))) {}

Server::~Server() {
    impl_->close();
    impl_->abort_if([](const Connection&) { return true; });
}

unsigned short Server::listen(const std::string& host, unsigned short port) {
    const auto where = (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                       std::to_string(port);
    error_code error;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error) throw BindFailure("\"" + host + "\" is not an IP address to listen on");
    const tcp::endpoint endpoint(address, port);
    auto acceptor = std::make_shared<tcp::acceptor>(impl_->executor);
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(kBacklog, error);
    if (error == asio::error::address_in_use) {
        throw BindFailure("another program listens on " + where);
    }
    if (error) throw BindFailure("cannot listen on " + where + ": " + error.message());
    const auto bound = acceptor->local_endpoint().port();
    impl_->start(std::move(acceptor));
    return bound;
}

void Server::listen_unix(const std::filesystem::path& path) {
    if (path.native().size() > 107) {
        throw BindFailure("the path of a unix socket has at most 107 characters: " + path.string());
    }
    const unix_protocol::endpoint endpoint(path.string());
    error_code error;
    {
        unix_protocol::socket probe(impl_->executor);
        probe.connect(endpoint, error);
        if (!error) throw BindFailure("another program listens on " + path.string());
        if (error == asio::error::connection_refused) ::unlink(path.c_str());
    }
    auto acceptor = std::make_shared<unix_protocol::acceptor>(impl_->executor);
    acceptor->open(endpoint.protocol(), error);
    // Before the bind, so that the file never has another mode (Linux, unix(7)).
    if (!error) ::fchmod(acceptor->native_handle(), S_IRUSR | S_IWUSR);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(kBacklog, error);
    if (error) throw BindFailure("cannot listen on " + path.string() + ": " + error.message());
    impl_->socket_files.push_back(path);
    impl_->start(std::move(acceptor));
}

Task<void> Server::stop(Duration grace) {
    const auto impl = impl_;
    impl->close();
    impl->abort_if([](const Connection& connection) { return connection.is_idle(); });
    co_await impl->wait_until_drained(grace);
    impl->abort_if([](const Connection&) { return true; });
    co_await impl->wait_until_drained(kAbortGrace);
}

std::size_t Server::connections() const {
    return impl_->connections.size();
}

}  // namespace stoa::io
