#include "told.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace stoa::proof {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

void tell(int pipe, const Told& told) {
    if (::write(pipe, &told, sizeof told) != static_cast<ssize_t>(sizeof told)) leave(3);
}

bool hear(int pipe, Told& told) {
    return ::read(pipe, &told, sizeof told) == static_cast<ssize_t>(sizeof told);
}

bool is_waiting(int pipe) {
    pollfd one{pipe, POLLIN, 0};
    return ::poll(&one, 1, 0) == 1 && (one.revents & POLLIN) != 0;
}

int Child::wait() const {
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid) fail("waitpid");
    ::close(pipe);
    return status;
}

Ends open_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    return {ends[0], ends[1]};
}

pid_t fork_child(const Ends& ends) {
    const pid_t pid = ::fork();
    if (pid < 0) fail("fork");
    ::close(pid == 0 ? ends.hears : ends.tells);
    return pid;
}

void leave(int status) {
    ::_exit(status);
}

}  // namespace stoa::proof
