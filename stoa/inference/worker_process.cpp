#include "stoa/inference/worker_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace stoa::inference {

namespace {

[[noreturn]] void fail(const char* what, int error = errno) {
    throw std::system_error(error, std::system_category(), what);
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {
        if (number < 0) fail("a descriptor for a worker");
    }
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

// Above those that it becomes in the child, so that no duplication overwrites another.
Descriptor above_targets(int descriptor) {
    return Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 16));
}

struct Actions {
    posix_spawn_file_actions_t list;
    Actions() { posix_spawn_file_actions_init(&list); }
    ~Actions() { posix_spawn_file_actions_destroy(&list); }
};

struct Attributes {
    posix_spawnattr_t list;
    Attributes() {
        posix_spawnattr_init(&list);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&list, &none);
        posix_spawnattr_setsigdefault(&list, &all);
        posix_spawnattr_setpgroup(&list, 0);
        posix_spawnattr_setflags(
            &list, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~Attributes() { posix_spawnattr_destroy(&list); }
};

pid_t spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
            int socket, int file, int errors) {
    Actions actions;
    posix_spawn_file_actions_addopen(&actions.list, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions.list, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions.list, errors, 2);
    posix_spawn_file_actions_adddup2(&actions.list, socket, 3);
    posix_spawn_file_actions_adddup2(&actions.list, file, 4);
    posix_spawn_file_actions_addclosefrom_np(&actions.list, 5);
    const Attributes attributes;
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char* environment[] = {nullptr};
    pid_t pid = 0;
    const int error = posix_spawn(&pid, program.c_str(), &actions.list, &attributes.list,
                                  argv.data(), environment);
    if (error != 0) fail(program.c_str(), error);
    return pid;
}

}  // namespace

WorkerProcess spawn_worker(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments, int file) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) fail("socketpair");
    Descriptor ours(pair[0]), theirs(pair[1]);
    if (pipe2(pair, O_CLOEXEC) != 0) fail("pipe2");
    Descriptor errors(pair[0]), errors_end(pair[1]);
    const Descriptor child_socket = above_targets(theirs.get());
    const Descriptor child_file = above_targets(file);
    const Descriptor child_errors = above_targets(errors_end.get());

    WorkerProcess worker;
    worker.pid =
        spawn(program, arguments, child_socket.get(), child_file.get(), child_errors.get());
    worker.ended = static_cast<int>(syscall(SYS_pidfd_open, worker.pid, 0));
    if (worker.ended < 0) {
        const int error = errno;
        kill(worker.pid, SIGKILL);
        waitpid(worker.pid, nullptr, 0);
        fail("pidfd_open", error);
    }
    worker.socket = ours.release();
    worker.errors = errors.release();
    return worker;
}

std::string describe_end(int status) {
    if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
    if (!WIFSIGNALED(status)) return "an unknown end";
    const char* name = sigdescr_np(WTERMSIG(status));
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + (name ? name : "unknown") + ")";
}

}  // namespace stoa::inference
