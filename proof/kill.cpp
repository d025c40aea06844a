#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include "driver.hpp"
#include "proofs.hpp"

namespace stoa::proof {
namespace {

using Micros = std::chrono::microseconds;

constexpr std::uint64_t kRoundsOfOneFile = 50;  // A longer record only takes longer to replay.
constexpr std::uint64_t kMostHeard = 400;
constexpr std::uint64_t kLongestPauseMicros = 1'500;

/// The instant is what is tried at random: nothing waits for this pause.
void pause(std::uint64_t micros) {
    std::this_thread::sleep_for(Micros(micros));
}

class Killer {
  public:
    explicit Killer(std::uint64_t seed) : random_(seed) {}

    std::uint64_t in_recovery = 0;

    /// One life and death of the process.
    void round(const std::filesystem::path& file, Watch& watch, bool while_it_recovers) {
        const std::uint64_t seed = random_();
        const Child child = start([&](int pipe) {
            Driver driver(file, seed, pipe);
            driver.run_at_random();
            return 2;  // Only a broken record ends it.
        });
        opened_ = false;
        if (while_it_recovers) {
            listen(child, watch, 1);
            pause(random_() % (recovery_micros_ + 1));
        } else {
            listen(child, watch, 3 + random_() % kMostHeard);
            pause(random_() % kLongestPauseMicros);
        }
        ::kill(child.pid, SIGKILL);
        listen(child, watch, ~std::uint64_t{0});
        child.wait();
        if (!opened_) ++in_recovery;
    }

  private:
    void listen(const Child& child, Watch& watch, std::uint64_t most) {
        Told told;
        for (std::uint64_t heard = 0; heard < most && hear(child.pipe, told); ++heard) {
            const auto now = std::chrono::steady_clock::now();
            if (told.phase == Phase::starting) {
                started_ = now;
            } else if (told.phase == Phase::opened) {
                opened_ = true;
                recovery_micros_ = static_cast<std::uint64_t>(
                    std::chrono::duration_cast<Micros>(now - started_).count());
            }
            watch.hear(told);
        }
    }

    std::mt19937_64 random_;
    std::chrono::steady_clock::time_point started_;
    std::uint64_t recovery_micros_ = 1'000;
    bool opened_ = false;
};

}  // namespace

int kill_at_random(std::uint64_t times, std::uint64_t seed) {
    Killer killer(seed);
    std::optional<Folder> folder;
    std::optional<Watch> watch;
    std::uint64_t acknowledged = 0;
    for (std::uint64_t round = 0; round < times; ++round) {
        if (round % kRoundsOfOneFile == 0) {
            if (watch) acknowledged += watch->acknowledged();
            folder.emplace();
            watch.emplace();
        }
        const auto file = folder->path() / "ledger.sqlite";
        killer.round(file, *watch, round % 3 == 2);
        const std::string difference = check_file(file, *watch);
        if (!difference.empty()) {
            std::printf("kill %ju of seed %ju: %s\n", static_cast<std::uintmax_t>(round),
                        static_cast<std::uintmax_t>(seed), difference.c_str());
            return 1;
        }
    }
    if (watch) acknowledged += watch->acknowledged();
    std::printf("%ju kills, %ju of them during recovery: %ju acknowledged acts, none lost\n",
                static_cast<std::uintmax_t>(times), static_cast<std::uintmax_t>(killer.in_recovery),
                static_cast<std::uintmax_t>(acknowledged));
    const bool enough = killer.in_recovery * 10 >= times;
    if (!enough) std::printf("too few kills hit a recovery to prove anything about it\n");
    return enough && acknowledged > 0 ? 0 : 1;
}

}  // namespace stoa::proof
