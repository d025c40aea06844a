// What a process that runs the ledger says through a pipe to the one that ends it: before each act
// that it intends it, and after it that the ledger has called it durable.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace stoa::proof {

enum class Phase : std::uint32_t { starting, opened, intends, done, ended };

/// One act on one channel; `value` is its amount.
enum class Act : std::uint32_t { open, deposit, reserve, raise, charge, release, claim, refund };

/// Small enough that the kernel writes it into a pipe whole or not at all.
struct Told {
    Phase phase = Phase::starting;
    Act act = Act::open;
    std::uint32_t channel = 0;
    std::uint64_t value = 0;
};

inline constexpr std::uint32_t kChannels = 8;

/// Ends the process where the parent is gone.
void tell(int pipe, const Told&);

/// False at the pipe's end.
bool hear(int pipe, Told&);
/// True when something can be heard at once.
bool is_waiting(int pipe);

/// A process of ours that talks, and the end of the pipe where it is heard.
struct Child {
    pid_t pid = 0;
    int pipe = -1;

    /// The exit status as waitpid gives it.
    int wait() const;
};

/// `body(pipe)` in a process of its own, whose exit status is what it returns.
template <class Body>
Child start(Body body);

/// The parts of `start` that need no template: the two ends of a pipe; fork, which returns 0 in the
/// child.
struct Ends {
    int hears = -1;
    int tells = -1;
};
Ends open_pipe();
pid_t fork_child(const Ends&);
[[noreturn]] void leave(int status);

template <class Body>
Child start(Body body) {
    const Ends ends = open_pipe();
    const pid_t pid = fork_child(ends);
    if (pid == 0) leave(body(ends.tells));
    return {pid, ends.hears};
}

}  // namespace stoa::proof
