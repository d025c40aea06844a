#pragma once

#include "stoa/chain/rpc.hpp"
#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/visitor_limit.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::gateway {

/// Limits of sessions that this node keeps, and nobody else: expiry, and what may be charged of a
/// day. The payer's wallet sets them; the session's key may only tighten them.
class LimitsDesk {
  public:
    LimitsDesk(ledger::Ledger& ledger, chain::Rpc& rpc, payment::ChannelDomain domain,
               const io::Clock& clock)
        : ledger_(ledger),
          rpc_(rpc),
          domain_(std::move(domain)),
          clock_(clock),
          limit_(clock, kMostAMinute) {}

    void add_to(Router&);

    /// What `{perDay, expires, nonce, signature}` asks for the channel.
    struct Asked {
        Asked() = default;  // not an aggregate: GCC 12 destroys those twice across an await

        payment::SessionLimits limits;
        ByteVector signature;
    };
    static OrProblem<Asked> asked_of(const Fields&, const Hash256& channel);
    /// limits_signature, limits_nonce. `config` is that of the channel's id.
    Task<OrProblem<void>> check(const Asked&, const payment::ChannelConfig& config);
    /// The same, and durable on return.
    Task<OrProblem<void>> set(Asked, payment::ChannelConfig config);

    static constexpr unsigned kMostAMinute = 30;

  private:
    Task<Answer> post(Request&);

    ledger::Ledger& ledger_;
    chain::Rpc& rpc_;
    payment::ChannelDomain domain_;
    const io::Clock& clock_;
    VisitorLimit limit_;
};

/// As `/api/money` shows them, with what was charged of the day of `now`.
json::object limits_json(const ledger::Limits&, const ledger::Channel*, UnixTime now);

/// A call that they don't allow: 403, with what to do.
io::Response limits_refusal(const std::error_code&, UnixTime now);

}  // namespace stoa::gateway
