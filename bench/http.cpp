// How many small requests one core answers on kept connections, and how many durable writes a
// second the database takes from waiting tasks. The server's own processor time is counted, so that
// the load, which comes from another thread, does not count.
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "stoa/db/database.hpp"
#include "stoa/io/http_server.hpp"

#include "bench/figure.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kConnections = 32;
constexpr std::size_t kRounds = 5'000;
constexpr int kWriters = 256;
constexpr int kWritesEach = 50;

double processor_seconds_of_thread() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Task<io::Response> answer(io::Request& request) {
    co_return io::json_response(200, "{\"path\":\"" + request.path + "\"}");
}

/// Every connection asks, then every connection is answered.
void load(unsigned short port) {
    namespace asio = boost::asio;
    asio::io_context context;
    std::vector<asio::ip::tcp::socket> sockets;
    for (std::size_t i = 0; i < kConnections; ++i) {
        auto& socket = sockets.emplace_back(context);
        socket.connect({asio::ip::address_v4::loopback(), port});
        socket.set_option(asio::ip::tcp::no_delay(true));
    }
    const std::string request =
        "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:8402\r\nAccept: application/json\r\n"
        "User-Agent: bench\r\nAuthorization: Bearer none\r\n\r\n";
    std::array<char, 4096> answer_bytes;
    for (std::size_t round = 0; round < kRounds; ++round) {
        for (auto& socket : sockets) asio::write(socket, asio::buffer(request));
        for (auto& socket : sockets) socket.read_some(asio::buffer(answer_bytes));
    }
}

double requests_per_core_second() {
    boost::asio::io_context loop(1);
    io::Server server(loop.get_executor(), answer);
    const auto port = server.listen("127.0.0.1", 0);
    double seconds = 0;
    std::thread thread([&] {
        loop.run();
        seconds = processor_seconds_of_thread();
    });
    load(port);
    boost::asio::co_spawn(loop, server.stop(std::chrono::seconds(1)), boost::asio::detached);
    thread.join();
    return static_cast<double>(kConnections * kRounds) / seconds;
}

double durable_writes_per_second() {
    std::string folder = (std::filesystem::temp_directory_path() / "stoa_bench_XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 0;
    double seconds = 0;
    {
        boost::asio::io_context loop(1);
        db::Database database(std::filesystem::path(folder) / "bench.sqlite");
        database.write_now([](db::Session& session) {
            session.script("CREATE TABLE charge (id INTEGER PRIMARY KEY, amount BLOB)");
        });
        const auto writer = [&]() -> Task<void> {
            for (int i = 0; i < kWritesEach; ++i) {
                co_await database.write([](db::Session& session) {
                    session.run("INSERT INTO charge (amount) VALUES (?)", Amount(7));
                });
            }
        };
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < kWriters; ++i) {
            boost::asio::co_spawn(loop, writer(), boost::asio::detached);
        }
        loop.run();
        seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    }
    std::filesystem::remove_all(folder);
    return kWriters * kWritesEach / seconds;
}

}  // namespace

std::vector<Figure> http() {
    return {{.name = "requests per core",
             .value = requests_per_core_second(),
             .unit = "1/s",
             .bound = Bound::at_least,
             .target = 30'000,
             .peer = {},
             .peer_value = {}}};
}

std::vector<Figure> writes() {
    return {{.name = "durable writes",
             .value = durable_writes_per_second(),
             .unit = "1/s",
             .bound = Bound::at_least,
             .target = 5'000,
             .peer = {},
             .peer_value = {}}};
}

}  // namespace stoa::bench
