#pragma once

#include <optional>

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/rpc.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::relay {

/// How a session key of a purse stands; all zero and not valid where it never had a policy.
struct PurseKey {
    eth::Address key;
    std::uint64_t expires = 0;  ///< Unix seconds; 0 after a revocation or an exit.
    Amount left;
    Amount left_today;
    Amount cap_per_day;
    Amount cap_per_service;
    std::uint64_t spends = 0;  ///< The nonce of its next deposit.
};

struct PurseState {
    eth::Address purse;   ///< Also where none stands yet.
    bool exists = false;  ///< Else only the balance may be other than zero.
    std::uint64_t nonce = 0;
    bool leaving = false;
    Amount balance;
    std::optional<PurseKey> key;  ///< Of the one that was asked for.
};

/// A channel as the contract has it.
struct ChannelNow {
    Amount balance;
    Amount claimed;
    std::uint64_t withdraw_requested_at = 0;  ///< 0: no withdrawal is pending.
};

/// Reads purses at `pending`, where the relay simulates. Throws `chain::RpcFailure`.
class PurseReader {
  public:
    PurseReader(chain::Rpc&, const chain::Deployment&);

    /// Whether this chain has purses at all. Without, nothing below may be asked.
    bool is_here() const { return purses_.has_value(); }
    const eth::Address& purses() const { return *purses_; }

    eth::Address purse_of(const eth::Address& owner, const eth::Address& token) const;
    /// Whose purse of `token` stands at `purse`; nothing for any other account. What it says of
    /// itself is checked against that address.
    Task<std::optional<eth::Address>> owner_of(eth::Address purse, eth::Address token);
    Task<PurseState> state(eth::Address owner, eth::Address token,
                           std::optional<eth::Address> key = std::nullopt);
    Task<std::vector<ChannelNow>> channels(std::vector<Hash256> ids);
    /// Of its newest block.
    Task<std::uint64_t> time();

  private:
    struct Question;
    using Values = std::vector<eth::abi::Value>;
    Task<std::vector<std::optional<Values>>> ask(std::vector<Question>);

    chain::Rpc& rpc_;
    std::uint64_t chain_id_;
    std::optional<eth::Address> purses_;
    eth::Address channels_;
};

}  // namespace stoa::relay
