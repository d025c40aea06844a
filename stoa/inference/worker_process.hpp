#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace stoa::inference {

/// A child that has a socket to us as descriptor 3, `file` as 4, a pipe to us as its standard
/// error, and nothing else of ours: no other descriptor, no environment, no signal of our terminal.
struct WorkerProcess {
    pid_t pid = 0;
    int socket = -1;
    int errors = -1;
    int ended = -1;  ///< A pidfd: readable once the process has ended.
};

/// Throws `std::system_error`. The descriptors are the caller's to close and the child to reap.
WorkerProcess spawn_worker(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments, int file);

/// What a status of waitpid means: "exit code 1", "signal 6 (Aborted)".
std::string describe_end(int status);

}  // namespace stoa::inference
