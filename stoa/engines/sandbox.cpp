#include "stoa/engines/sandbox.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "stoa/base/assert.hpp"

namespace stoa::engines {

namespace {

[[noreturn]] void fail(const char* what, int error = errno) {
    throw std::system_error(error, std::system_category(), what);
}

// ---- Landlock: no file, no TCP, no abstract socket, no signal -----------------------------------

// The kernel's own header may be older than the kernel: only ABI 2 on Debian 12.
struct RulesetAttributes {
    std::uint64_t files;   // ABI 1
    std::uint64_t net;     // ABI 4
    std::uint64_t scoped;  // ABI 6
};

constexpr std::uint64_t bits(unsigned count) {
    return (std::uint64_t{1} << count) - 1;
}

void close_file_system() {
    const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U);
    if (abi < 1) fail("this kernel has no Landlock; a worker can't be confined");
    RulesetAttributes attributes{};
    attributes.files = bits(abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13);
    if (abi >= 4) attributes.net = bits(2);
    if (abi >= 6) attributes.scoped = bits(2);
    // An older kernel takes no fields that it doesn't know.
    const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    const long ruleset = syscall(SYS_landlock_create_ruleset, &attributes, size, 0U);
    if (ruleset < 0) fail("landlock_create_ruleset");
    if (syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0) fail("landlock_restrict_self");
    close(static_cast<int>(ruleset));
}

// ---- seccomp: the calls of a program that computes ----------------------------------------------

constexpr int kAllowed[] = {
    // The socket and what was open before.
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvfrom),
    SCMP_SYS(sendto), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(pread64),
    SCMP_SYS(fadvise64), SCMP_SYS(fcntl), SCMP_SYS(dup),
    // Memory.
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore),
    // Threads.
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity), SCMP_SYS(getcpu),
    SCMP_SYS(membarrier), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(gettid), SCMP_SYS(exit),
    // Itself, time and chance.
    SCMP_SYS(getpid), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(arch_prctl),
    SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrusage), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(getrandom)};

class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release) {
        if (!context_) fail("seccomp_init", ENOMEM);
        check(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
    }
    template <class... Condition>
    void rule(std::uint32_t action, int call, Condition... conditions) {
        check(seccomp_rule_add(context_.get(), action, call, sizeof...(conditions), conditions...));
    }
    void load() { check(seccomp_load(context_.get())); }

  private:
    static void check(int result) {
        if (result < 0) fail("seccomp", -result);
    }
    std::unique_ptr<void, void (*)(void*)> context_;
};

void close_system_calls() {
    Filter filter;
    for (const int call : kAllowed) filter.rule(SCMP_ACT_ALLOW, call);
    // No code that wasn't there when the sandbox was closed.
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
        filter.rule(SCMP_ACT_ALLOW, call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    // Threads, not processes. clone3's flags lie in memory that a filter can't see; a C library
    // that finds it missing takes clone.
    filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(clone),
                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    filter.rule(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    // Its own limits may be read, and its own death may be chosen.
    filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
    filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
                SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
    filter.load();
}

// ---- limits -------------------------------------------------------------------------------------

void limit(__rlimit_resource what, rlim_t value) {
    const rlimit both{value, value};
    if (setrlimit(what, &both) != 0) fail("setrlimit");
}

std::size_t threads() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

void enter_sandbox(std::uint64_t memory_bytes) {
    STOA_ASSERT(threads() == 1);  // Landlock confines the thread that asks
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
    close_file_system();
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 16);
    // A sanitizer's shadow alone is larger than any limit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (memory_bytes > 0) limit(RLIMIT_AS, memory_bytes);
#endif
    close_system_calls();
}

}  // namespace stoa::engines
