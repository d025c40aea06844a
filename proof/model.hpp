#pragma once

#include <array>
#include <string>
#include <vector>

#include "stoa/ledger/ledger.hpp"

#include "told.hpp"

namespace stoa::proof {

payment::ChannelConfig config_of(std::uint32_t channel);
ledger::ChannelId id_of(std::uint32_t channel);
/// Stands for the buyer's signature of this total: another one for each voucher.
eth::Signature signature_of(std::uint32_t channel, std::uint64_t total);

/// What one channel must be, counted from the acts alone, without the ledger's code.
struct Account {
    bool open = false;
    std::uint64_t balance = 0;
    std::uint64_t claimed = 0;
    std::uint64_t charged = 0;
    std::uint64_t maximum = 0;  ///< Of the newest voucher.
    std::uint64_t refunds = 0;
    std::uint64_t block = 0;  ///< How often the chain's side changed.
    // What the ledger doesn't keep.
    std::uint64_t deposited = 0;
    std::uint64_t refunded = 0;
    std::uint64_t amount = 0;       ///< Of the newest reservation.
    std::uint64_t last_charge = 0;  ///< Of that reservation; 0: its voucher is good once more.

    Account after(Act, std::uint64_t value) const;
    /// Empty, or how the ledger differs.
    std::string difference(std::uint32_t channel, const ledger::Ledger&) const;
};

/// Listens to a process and knows what its ledger may hold after it was broken off: what was
/// acknowledged, and of each channel the acts after that, each wholly or not at all.
class Watch {
  public:
    Watch();

    void hear(const Told&);
    /// From now on an answer proves nothing: the machine has lost its power meanwhile.
    void cut() { is_cut_ = true; }

    /// Compares, and goes on from what is there. Empty, or the first difference.
    std::string check(const ledger::Ledger&);

    std::uint64_t acknowledged() const { return acknowledged_; }

  private:
    std::array<std::vector<Account>, kChannels> possible_;  ///< Never empty; in order of time.
    std::uint64_t acknowledged_ = 0;
    bool is_cut_ = false;
};

/// Opens the ledger as a node that starts and compares.
std::string check_file(const std::filesystem::path& file, Watch&);

}  // namespace stoa::proof
