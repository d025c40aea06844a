#include "stoa/engines/sandbox.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

namespace stoa::engines {

namespace {

constexpr int kAllowed = 0;
constexpr int kNotConfined = 99;
constexpr int kNoErrno = 98;

/// Exit code of a child that enters the sandbox and does `what`: 0 where it works, else its errno.
/// A child that a signal ended gives minus its number.
int in_sandbox(const std::function<bool()>& what) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        try {
            enter_sandbox(std::uint64_t{2} << 30);
        } catch (const std::exception&) {
            _exit(kNotConfined);
        }
        errno = 0;
        _exit(what() ? kAllowed : errno == 0 ? kNoErrno : errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool opens(const char* path, int flags) {
    return open(path, flags, 0600) >= 0;
}

}  // namespace

TEST(Sandbox, NoFileCanBeOpenedAnyMore) {
    for (const char* path :
         {"/etc/passwd", "/etc/ld.so.cache", "/proc/self/maps", "/dev/null", "/"}) {
        EXPECT_EQ(in_sandbox([&] { return opens(path, O_RDONLY); }), EPERM) << path;
    }
    EXPECT_EQ(in_sandbox([] { return opens("/tmp/stoa-sandbox-test", O_WRONLY | O_CREAT); }),
              EPERM);
    EXPECT_EQ(in_sandbox([] { return unlink("/tmp/stoa-sandbox-test") == 0; }), EPERM);
    const char* library = STOA_MODELS "/lib/libonnxruntime.so.1";
    EXPECT_EQ(in_sandbox([&] { return dlopen(library, RTLD_NOW) != nullptr; }), kNoErrno);
}

TEST(Sandbox, NoSocketCanBeMadeOrConnected) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
        EXPECT_EQ(in_sandbox([&] { return socket(family, SOCK_STREAM, 0) >= 0; }), EPERM) << family;
    }
    const int made_before = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(in_sandbox([&] {
                  sockaddr address{AF_INET, {}};
                  return connect(made_before, &address, sizeof address) == 0;
              }),
              EPERM);
    close(made_before);
}

TEST(Sandbox, NoProgramAndNoProcessCanBeStarted) {
    EXPECT_EQ(in_sandbox([] {
                  execl("/bin/true", "true", nullptr);
                  return false;
              }),
              EPERM);
    EXPECT_EQ(in_sandbox([] { return fork() >= 0; }), EPERM);
    EXPECT_EQ(in_sandbox([] { return syscall(SYS_clone3, nullptr, 0) >= 0; }), ENOSYS);
}

TEST(Sandbox, NoOtherProcessCanBeTouched) {
    EXPECT_EQ(in_sandbox([] { return kill(getppid(), 0) == 0; }), EPERM);
    EXPECT_EQ(in_sandbox([] { return syscall(SYS_tgkill, 1, 1, 0) == 0; }), EPERM);
    EXPECT_EQ(in_sandbox([] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }), EPERM);
    EXPECT_EQ(in_sandbox([] { return syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0) == 0; }),
              EPERM);
    EXPECT_EQ(in_sandbox([] {
                  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
                  return setrlimit(RLIMIT_AS, &more) == 0;
              }),
              EPERM);
}

TEST(Sandbox, NoNewCodeCanBeMade) {
    EXPECT_EQ(in_sandbox([] {
                  return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
              }),
              EPERM);
    EXPECT_EQ(in_sandbox([] {
                  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
              }),
              EPERM);
}

TEST(Sandbox, ComputingGoesOn) {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    EXPECT_EQ(in_sandbox([&] {
                  int sum = 0;
                  std::thread([&] { sum = 42; }).join();
                  const std::vector<char> memory(64 << 20, 'x');
                  return sum == 42 && memory.back() == 'x' && send(pair[0], "x", 1, 0) == 1;
              }),
              kAllowed);
    char got = 0;
    EXPECT_EQ(recv(pair[1], &got, 1, MSG_DONTWAIT), 1);
    close(pair[0]);
    close(pair[1]);
}

TEST(Sandbox, AbortEndsOnlyItself) {
    EXPECT_EQ(in_sandbox([]() -> bool { abort(); }), -SIGABRT);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Sandbox, MemoryHasALimit) {
    EXPECT_EQ(in_sandbox([] {
                  return mmap(nullptr, std::size_t{3} << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
                              -1, 0) != MAP_FAILED;
              }),
              ENOMEM);
}
#endif

}  // namespace stoa::engines
