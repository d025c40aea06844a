#pragma once

#include <cstdint>

namespace stoa::proof {

enum class Fault { none, io_error, disk_full, half_written, killed };

/// Stands between SQLite and the disk in this process from now on: the `at`-th call that changes a
/// file (1 is the first) fails as told, and with `for_good` every later one too.
void install_fault_disk();
void arm(Fault, std::uint64_t at, bool for_good);
/// Calls since `arm`.
std::uint64_t changes_made();

}  // namespace stoa::proof
