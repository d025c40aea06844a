#include <sys/wait.h>

#include <csignal>
#include <cstdio>

#include "driver.hpp"
#include "fault_disk.hpp"
#include "proofs.hpp"

namespace stoa::proof {
namespace {

constexpr int kWentOn = 9;  ///< Exit status of a ledger that served after a fault.

struct Way {
    const char* name;
    Fault fault;
    bool for_good;
};
constexpr Way kWays[] = {
    {"an I/O error", Fault::io_error, false},
    {"I/O errors for good", Fault::io_error, true},
    {"a full disk", Fault::disk_full, false},
    {"a disk full for good", Fault::disk_full, true},
    {"a write cut short", Fault::half_written, false},
    {"a kill", Fault::killed, false},
};

/// A ledger's whole life: made, used, closed, opened again, used again.
int live(const std::filesystem::path& file, const Way& way, std::uint64_t at, int pipe) {
    arm(way.fault, at, way.for_good);
    for (int life = 0; life < 2; ++life) {
        std::optional<Driver> driver;
        try {
            driver.emplace(file, 1, pipe);
        } catch (const std::exception&) {
            return 0;  // Refuses to start.
        }
        try {
            driver->run_script();
        } catch (const ledger::RecordBroken&) {
            return driver->has_stopped() ? 0 : kWentOn;
        }
    }
    tell(pipe, {Phase::ended, Act::open, 0, changes_made()});
    return 0;
}

/// The faults are made here, so a fast disk proves as much as a slow one.
std::filesystem::path memory() {
    const std::filesystem::path shared = "/dev/shm";
    return std::filesystem::exists(shared) ? shared : std::filesystem::temp_directory_path();
}

/// Empty, or what was wrong; `changes` is set where the life ended by itself.
std::string try_one(const Way& way, std::uint64_t at, std::uint64_t& changes) {
    const Folder folder(memory());
    const auto file = folder.path() / "ledger.sqlite";
    const Child child = start([&](int pipe) { return live(file, way, at, pipe); });
    Watch watch;
    Told told;
    while (hear(child.pipe, told)) {
        if (told.phase == Phase::ended) changes = told.value;
        watch.hear(told);
    }
    const int status = child.wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == kWentOn) return "it went on after the fault";
    const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (way.fault == Fault::killed && at != 0 ? !was_killed : status != 0) {
        return "it ended in another way: status " + std::to_string(status);
    }
    return check_file(file, watch);
}

}  // namespace

int fail_every_write() {
    install_fault_disk();
    std::uint64_t changes = 0;
    const Way none{"nothing", Fault::none, false};
    std::string wrong = try_one(none, 0, changes);
    std::uint64_t tried = 0;
    for (const Way& way : kWays) {
        for (std::uint64_t at = 1; at <= changes && wrong.empty(); ++at, ++tried) {
            std::uint64_t ignored = 0;
            wrong = try_one(way, at, ignored);
            if (!wrong.empty()) {
                wrong = std::string(way.name) + " at change " + std::to_string(at) + ": " + wrong;
            }
        }
    }
    if (!wrong.empty() || changes == 0) {
        std::printf("%s\n", wrong.empty() ? "nothing was written" : wrong.c_str());
        return 1;
    }
    std::printf("%ju faults at each of %ju changes of a file: stopped, and opened clean\n",
                static_cast<std::uintmax_t>(tried), static_cast<std::uintmax_t>(changes));
    return 0;
}

}  // namespace stoa::proof
