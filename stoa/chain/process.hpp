#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stoa::chain {

/// A process that is meant to outlive this one. A pid alone may be reused; with the time of its
/// start (clock ticks since boot, field 22 of /proc/PID/stat) it is never another process.
struct Process {
    pid_t pid = 0;
    std::uint64_t started = 0;
};

/// Starts `program` in a session of its own, its output going to `log`, so that neither our death
/// nor a Ctrl-C in our terminal ends it. Throws `std::system_error`.
Process spawn_detached(const std::filesystem::path& program,
                       const std::vector<std::string>& arguments, const std::filesystem::path& log);

/// Also reaps it when it was a child of ours.
bool is_alive(const Process&);

/// Asks, and kills after `grace`. Blocks until it is gone.
void end_process(const Process&, std::chrono::milliseconds grace);

/// "PID START\n", written whole or not at all.
void write_pid_file(const std::filesystem::path&, const Process&);
std::optional<Process> read_pid_file(const std::filesystem::path&);

/// A TCP port of 127.0.0.1 that was free just now.
std::uint16_t free_port();
bool is_port_free(std::uint16_t);

}  // namespace stoa::chain
