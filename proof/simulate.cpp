#include <cstdio>

#include "proofs.hpp"
#include "simulation.hpp"

namespace stoa::proof {

int simulate(std::uint64_t worlds, std::uint64_t first_seed) {
    const std::filesystem::path memory = "/dev/shm";
    std::uint64_t served = 0;
    std::uint64_t crashes = 0;
    std::uint64_t forks = 0;
    std::uint64_t lost = 0;
    std::uint64_t robberies = 0;
    std::uint64_t leavings = 0;
    std::uint64_t top_ups = 0;
    for (std::uint64_t seed = first_seed; seed < first_seed + worlds; ++seed) {
        const Folder folder(
            std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path());
        try {
            Simulation world(seed, folder.path() / "ledger.sqlite");
            world.run();
            served += world.served();
            crashes += world.crashes();
            forks += world.forks();
            lost += world.lost();
            robberies += world.robberies();
            leavings += world.leavings();
            top_ups += world.top_ups();
        } catch (const std::exception& broken) {
            std::printf("seed %ju: %s\nagain with: stoa-proof simulate 1 %ju\n",
                        static_cast<std::uintmax_t>(seed), broken.what(),
                        static_cast<std::uintmax_t>(seed));
            return 1;
        }
    }
    std::printf(
        "%ju worlds with %ju paid calls, %ju crashes, %ju forks: the money adds up; %ju robberies "
        "took %ju within the credit, %ju left; %ju calls were topped up\n",
        static_cast<std::uintmax_t>(worlds), static_cast<std::uintmax_t>(served),
        static_cast<std::uintmax_t>(crashes), static_cast<std::uintmax_t>(forks),
        static_cast<std::uintmax_t>(robberies), static_cast<std::uintmax_t>(lost),
        static_cast<std::uintmax_t>(leavings), static_cast<std::uintmax_t>(top_ups));
    const bool topped_up = top_ups > 0 || worlds < 4;
    const bool has_met_all =
        served > 0 && crashes > 0 && forks > 0 && lost > 0 && leavings > 0 && topped_up;
    return has_met_all ? 0 : 1;
}

}  // namespace stoa::proof
