#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "driver.hpp"
#include "proofs.hpp"

namespace stoa::proof {
namespace {

constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);  // FS_IOC_SHUTDOWN of ext4.
constexpr std::uint32_t kWithoutFlushing = 2;                       // As when the plug is pulled.
constexpr unsigned kLoopDevice = 7;
constexpr std::uint64_t kMostHeard = 4'000;

bool command(const std::string& line) {
    return std::system(line.c_str()) == 0;
}

/// An ext4 file system in a file.
class Disk {
  public:
    explicit Disk(const Folder& folder)
        : image_(folder.path() / "image"), mount_(folder.path() / "disk") {
        std::filesystem::create_directory(mount_);
    }
    ~Disk() {
        if (mounted_) unmount();
    }
    Disk(const Disk&) = delete;

    bool make() {
        return command("truncate -s 128M " + image_.string()) &&
               command("mkfs.ext4 -q -F " + image_.string());
    }
    bool mount() {
        return mounted_ = command("mount -o loop " + image_.string() + " " + mount_.string());
    }
    bool unmount() {
        mounted_ = false;
        return command("umount " + mount_.string());
    }
    /// Everything that isn't synced is gone. Refuses all but loop devices: on a real disk this
    /// would stop the machine's own file system.
    bool cut() const {
        const int folder = ::open(mount_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat found {};
        const bool ours = ::fstat(folder, &found) == 0 && major(found.st_dev) == kLoopDevice;
        std::uint32_t how = kWithoutFlushing;
        const bool done = ours && ::ioctl(folder, kShutdown, &how) == 0;
        ::close(folder);
        return done;
    }
    std::filesystem::path file() const { return mount_ / "ledger.sqlite"; }

  private:
    std::filesystem::path image_;
    std::filesystem::path mount_;
    bool mounted_ = false;
};

/// Empty, or what was wrong.
std::string one_cut(Disk& disk, Watch& watch, std::uint64_t seed) {
    const Child child = start([&](int pipe) {
        Driver driver(disk.file(), seed, pipe);
        driver.run_at_random();
        return 0;  // The disk is gone, and the ledger has stopped.
    });
    Told told;
    const std::uint64_t most = 50 + seed % kMostHeard;
    for (std::uint64_t heard = 0; heard < most && hear(child.pipe, told); ++heard) {
        watch.hear(told);
    }
    while (is_waiting(child.pipe) && hear(child.pipe, told)) watch.hear(told);
    // What is said after this moment a machine without power could not have said.
    watch.cut();
    const bool was_cut = disk.cut();
    ::kill(child.pid, SIGKILL);
    while (hear(child.pipe, told)) watch.hear(told);
    child.wait();
    if (!was_cut) return "the file system can't be shut down";
    if (!disk.unmount() || !disk.mount()) return "the file system doesn't come back";
    return check_file(disk.file(), watch);
}

}  // namespace

int cut_power(std::uint64_t times, std::uint64_t seed) {
    const Folder folder;
    Disk disk(folder);
    if (!disk.make() || !disk.mount()) {
        std::printf(
            "no power was cut: a loop device can't be mounted here (root and mkfs.ext4 are "
            "needed)\n");
        const char* allowed = std::getenv("STOA_WITHOUT_POWER_CUTS");
        const bool may_be_left_out = allowed && std::string(allowed) == "1";
        if (!may_be_left_out) std::printf("STOA_WITHOUT_POWER_CUTS=1 leaves this proof out\n");
        return may_be_left_out ? 0 : 1;
    }
    Watch watch;
    std::mt19937_64 random(seed);
    for (std::uint64_t round = 0; round < times; ++round) {
        const std::string wrong = one_cut(disk, watch, random());
        if (wrong.empty()) continue;
        std::printf("power cut %ju: %s\n", static_cast<std::uintmax_t>(round), wrong.c_str());
        return 1;
    }
    std::printf("%ju power cuts: %ju acknowledged acts, none lost\n",
                static_cast<std::uintmax_t>(times),
                static_cast<std::uintmax_t>(watch.acknowledged()));
    return watch.acknowledged() > 0 ? 0 : 1;
}

}  // namespace stoa::proof
