#include "stoa/chain/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <thread>

namespace stoa::chain {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_error(int code, const std::string& what) {
    throw std::system_error(code, std::generic_category(), what);
}

struct Status {
    char state = 'X';
    std::uint64_t started = 0;
};

std::optional<Status> status_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The second field is the program's name in brackets, and may itself hold any character.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    Status status;
    std::string skipped;
    fields >> status.state;
    for (int field = 4; field < 22; ++field) fields >> skipped;
    if (!(fields >> status.started)) return std::nullopt;
    return status;
}

/// Bound to 127.0.0.1; -1 when the port is taken.
int bound_socket(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw_error(errno, "socket");
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return -1;
    }
    return fd;
}

}  // namespace

Process spawn_detached(const fs::path& program, const std::vector<std::string>& arguments,
                       const fs::path& log) {
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);

    pid_t pid = 0;
    const int error = posix_spawn(&pid, program.c_str(), &files, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw_error(error, "start " + program.string());
    const auto status = status_of(pid);
    return {pid, status ? status->started : 0};
}

bool is_alive(const Process& process) {
    if (process.pid <= 0) return false;
    ::waitpid(process.pid, nullptr, WNOHANG);
    const auto status = status_of(process.pid);
    return status && status->started == process.started && status->state != 'Z';
}

void end_process(const Process& process, std::chrono::milliseconds grace) {
    if (!is_alive(process)) return;
    ::kill(process.pid, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (is_alive(process)) {
        if (std::chrono::steady_clock::now() > deadline) ::kill(process.pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void write_pid_file(const fs::path& path, const Process& process) {
    const fs::path draft = path.string() + ".new";
    {
        std::ofstream file(draft, std::ios::trunc);
        file << process.pid << ' ' << process.started << '\n';
        if (!file.flush()) throw_error(errno, "write " + draft.string());
    }
    fs::rename(draft, path);
}

std::optional<Process> read_pid_file(const fs::path& path) {
    std::ifstream file(path);
    Process process;
    if (!(file >> process.pid >> process.started)) return std::nullopt;
    return process;
}

std::uint16_t free_port() {
    const int fd = bound_socket(0);
    if (fd < 0) throw_error(errno, "bind 127.0.0.1");
    sockaddr_in address{};
    socklen_t size = sizeof address;
    const int known = ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    if (known != 0) throw_error(errno, "getsockname");
    return ntohs(address.sin_port);
}

bool is_port_free(std::uint16_t port) {
    const int fd = bound_socket(port);
    if (fd < 0) return false;
    ::close(fd);
    return true;
}

}  // namespace stoa::chain
