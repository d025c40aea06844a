#include "bench/load.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace stoa::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

[[noreturn]] void broken(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(unsigned short port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) broken("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        broken("connect");
    }
    return socket;
}

/// One connection, in the middle of its script.
class Client {
  public:
    Client(unsigned short port, const Script& script) : script_(script), socket_(connect_to(port)) {
        buffer_.reserve(16 * 1024);
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;

    int socket() const { return socket_; }

    bool send_next() {
        if (sent_ == script_.count) return false;
        const std::string& request = script_.requests[sent_++ % script_.requests.size()];
        began_ = Clock::now();
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            broken("send");
        }
        return true;
    }

    /// True when the answer is whole.
    bool receive(int expected) {
        std::array<char, 16 * 1024> room;
        const auto got = ::recv(socket_, room.data(), room.size(), 0);
        if (got <= 0) throw std::runtime_error("the node closed a connection of the load");
        buffer_.append(room.data(), static_cast<std::size_t>(got));
        const auto head = buffer_.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        if (buffer_.size() < head + 4 + body_bytes(std::string_view(buffer_).substr(0, head))) {
            return false;
        }
        if (buffer_.compare(9, 3, std::to_string(expected)) != 0) throw std::runtime_error(buffer_);
        latency = std::chrono::duration<double>(Clock::now() - began_).count();
        buffer_.clear();
        return true;
    }

    double latency = 0;

  private:
    static std::size_t body_bytes(std::string_view head) {
        constexpr std::string_view kName = "Content-Length: ";
        const auto at = head.find(kName);
        std::size_t size = 0;
        if (at == std::string_view::npos) return size;
        const char* from = head.data() + at + kName.size();
        std::from_chars(from, head.data() + head.size(), size);
        return size;
    }

    const Script& script_;
    int socket_;
    std::size_t sent_ = 0;
    Clock::time_point began_;
    std::string buffer_;
};

class Poll {
  public:
    Poll() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {}
    ~Poll() { ::close(descriptor_); }
    Poll(const Poll&) = delete;

    void add(Client& client) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, client.socket(), &event) != 0) broken("epoll");
    }

    template <class F>
    void wait(F use) {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(descriptor_, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            use(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
    }

  private:
    int descriptor_;
};

}  // namespace

double processor_seconds_of_thread() {
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double processor_seconds_of_process() {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double Load::percentile(double part) const {
    const auto last = static_cast<double>(latencies.size() - 1);
    return latencies[static_cast<std::size_t>(part * last)];
}

Load run_load(unsigned short port, const std::vector<Script>& scripts, int expected) {
    Poll poll;
    std::vector<std::unique_ptr<Client>> clients;
    for (const Script& script : scripts) {
        poll.add(*clients.emplace_back(std::make_unique<Client>(port, script)));
    }
    Load load;
    const double own_before = processor_seconds_of_thread();
    const double all_before = processor_seconds_of_process();
    const auto began = Clock::now();
    std::size_t busy = 0;
    for (const auto& client : clients) busy += client->send_next() ? 1 : 0;
    while (busy > 0) {
        poll.wait([&](Client& client) {
            if (!client.receive(expected)) return;
            load.latencies.push_back(client.latency);
            if (!client.send_next()) --busy;
        });
    }
    load.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    load.processor_seconds =
        processor_seconds_of_process() - all_before - (processor_seconds_of_thread() - own_before);
    load.answers = load.latencies.size();
    std::ranges::sort(load.latencies);
    return load;
}

}  // namespace stoa::bench
