// stoa-proof: tries to make the ledger lose money, or serve a voucher twice, and fails if it can.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

#include "proofs.hpp"

namespace {

int usage() {
    std::fputs(
        "usage: stoa-proof kill TIMES [SEED]        end it at random instants\n"
        "       stoa-proof faults                   fail each write and sync in every way\n"
        "       stoa-proof power-cut TIMES [SEED]   on a file system of its own; needs root\n"
        "       stoa-proof simulate WORLDS [SEED]   chain, buyers and node from seeds\n",
        stderr);
    return 2;
}

}  // namespace

int main(int count, char** arguments) {
    using namespace stoa::proof;
    const std::string_view what = count > 1 ? arguments[1] : "";
    if (what == "faults") return fail_every_write();
    if (count < 3) return usage();
    const std::uint64_t times = std::strtoull(arguments[2], nullptr, 10);
    const std::uint64_t seed =
        count > 3 ? std::strtoull(arguments[3], nullptr, 10) : std::random_device{}();
    if (what == "kill") return kill_at_random(times, seed);
    if (what == "power-cut") return cut_power(times, seed);
    if (what == "simulate") return simulate(times, count > 3 ? seed : 1);
    return usage();
}
