#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace stoa::proof {

// Each prints its own summary and returns a process's exit status.

/// Ends a process that runs the ledger at random instants.
int kill_at_random(std::uint64_t times, std::uint64_t seed);
/// Fails each write and sync of a ledger's life, one after the other, in every way.
int fail_every_write();
/// Cuts the power of a file system that a running ledger is on.
int cut_power(std::uint64_t times, std::uint64_t seed);

/// Whole worlds from seeds (simulation.hpp): `first_seed` and those after it.
int simulate(std::uint64_t worlds, std::uint64_t first_seed);

/// Goes with the proof.
class Folder {
  public:
    explicit Folder(const std::filesystem::path& where = std::filesystem::temp_directory_path()) {
        std::string name = where / "stoa-proof-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace stoa::proof
