#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "stoa/ledger/ledger.hpp"

namespace stoa::gateway {

/// Streams whose buyers pay on while they read. A buyer that can do so begins with a voucher for
/// the prompt and a few tokens, is asked for a larger one (`event: stoa.voucher`) before that is
/// used up, and never has more at stake than it has promised last.
class TopUps {
    struct Call {
        Amount charged;  ///< In total, before this call.
        Amount bound;    ///< The most that the call can cost.
        Amount step;     ///< By this much at least the next voucher is larger.
        Amount total;    ///< Of the newest voucher that was taken, durable or not.
        std::function<void(const Amount& maximum)> raised;

        Amount required() const;
    };
    using Calls = std::unordered_map<ledger::ChannelId, std::shared_ptr<Call>>;

  public:
    TopUps(ledger::Ledger& ledger, const payment::ChannelDomain& channels)
        : ledger_(ledger), channels_(channels) {}

    /// A call that takes larger vouchers, until the object ends: before it is charged or released.
    /// It may outlive the TopUps.
    class Running {
      public:
        ~Running();
        Running(const Running&) = delete;

        /// The stream's event that asks for the next voucher.
        std::string event(std::chrono::milliseconds deadline) const;

      private:
        friend class TopUps;
        Running(std::shared_ptr<Calls> all, const ledger::ChannelId& channel,
                std::shared_ptr<Call> call);
        std::shared_ptr<Calls> all_;
        ledger::ChannelId channel_;
        std::shared_ptr<Call> call_;
    };

    /// Of a call whose reservation is durable. `raised` is told the call's new maximum, also when
    /// nothing asked for it.
    std::unique_ptr<Running> open(const ledger::ChannelId&, const Amount& bound, const Amount& step,
                                  std::function<void(const Amount& maximum)> raised);

    /// Takes a larger voucher; durable on return, and the same again is taken again:
    /// no_running_call, voucher_signature, and what check_top_up refuses.
    Task<Result<void>> take(payment::Voucher, eth::Signature);

  private:
    ledger::Ledger& ledger_;
    const payment::ChannelDomain& channels_;
    std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

}  // namespace stoa::gateway
