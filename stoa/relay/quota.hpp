#pragma once

#include <cstdint>
#include <string>

#include "stoa/base/result.hpp"
#include "stoa/base/time.hpp"
#include "stoa/db/database.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/relay/error.hpp"

namespace stoa::relay {

struct QuotaLimits {
    std::uint32_t free_per_day = 20;  ///< Of each payer.
    U256 gas_budget_wei;              ///< Of all together in a day.
};

/// What was carried today (of UTC) and what it cost. What is taken for a job is taken once, however
/// often its order is sent.
class Quota {
  public:
    Quota(db::Database&, std::uint64_t chain_id, QuotaLimits);

    struct Take {
        std::string job;
        eth::Address payer;
        bool free = true;      ///< Counts against the payer; else it pays for itself.
        bool leaving = false;  ///< Brings the payer's money home: as many again are for that.
        U256 at_most_wei;
    };

    /// quota, gas_budget.
    Task<Result<void>> take(Take, UnixTime now);
    /// It was not sent after all.
    Task<void> give_back(std::string job);
    /// It cost this.
    Task<void> spent(std::string job, U256 wei);

    Task<std::uint32_t> left(eth::Address payer, UnixTime now);

  private:
    db::Database& database_;
    std::uint64_t chain_id_;
    QuotaLimits limits_;
};

}  // namespace stoa::relay
