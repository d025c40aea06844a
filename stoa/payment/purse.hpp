// A purse: one owner's money in one token, which session keys may lock in channels of services,
// within the caps of a policy that the owner signed once. contracts/README.md has its contract.
#pragma once

#include <optional>
#include <vector>

#include "stoa/payment/channel.hpp"

namespace stoa::payment {

/// Of its policy's sums.
inline constexpr unsigned kPurseBits = 96;
inline constexpr std::size_t kMaxPurseServices = 16;
/// A channel serves one call at a time, so a key may have several with one service: its lanes, from
/// 0. A channel's salt is its lane.
inline constexpr unsigned kPurseLanes = 4;
/// Of every channel that a purse pays.
inline constexpr std::uint64_t kPurseWithdrawDelaySeconds = 3600;

/// What a session key may do.
struct PursePolicy {
    eth::Address key;
    eth::Address token;
    Amount cap;                  ///< The most that it may lock from now on.
    Amount cap_per_day;          ///< The most on one day (UTC).
    Amount cap_per_service;      ///< The most that one service can get from it.
    std::uint64_t expires = 0;   ///< Unix seconds, below 2^40.
    std::vector<U256> services;  ///< None: any registered one.
    friend bool operator==(const PursePolicy&, const PursePolicy&) = default;
};

/// Whether the contract's types can hold it, and it is of a key.
bool is_well_formed(const PursePolicy&);

/// One purse of one chain: where its messages are valid. It costs five hashes.
class PurseDomain {
  public:
    PurseDomain(std::uint64_t chain_id, const eth::Address& purse);

    /// Signed by the owner, each for the purse's present nonce. Of the policy it may also be the
    /// nonce of an EIP-3009 authorisation, which then funds the purse too.
    Hash256 set_policy_digest(const PursePolicy&, const U256& nonce) const;
    Hash256 revoke_digest(const eth::Address& key, const U256& nonce) const;
    Hash256 exit_digest(const U256& nonce) const;
    /// Signed by a session key; `nonce` is how many it has signed.
    Hash256 spend_digest(const Hash256& channel_id, const Amount&, const U256& nonce) const;

  private:
    Hash256 separator_;
};

/// What `Purses.purseOf` returns, also before the purse stands: a clone of the first contract that
/// `purses` made, with owner and token behind its code. So nobody need be asked where money goes.
eth::Address purse_address(const eth::Address& purses, std::uint64_t chain_id,
                           const eth::Address& owner, const eth::Address& token);

/// The channel of a key at a service on a lane.
ChannelConfig purse_channel(const eth::Address& purse, const eth::Address& key,
                            const eth::Address& receiver, const eth::Address& receiver_authorizer,
                            const eth::Address& token, unsigned lane = 0);

/// Which lane such a channel is; nothing for one that no purse pays.
std::optional<unsigned> lane_of(const ChannelConfig&);

/// A session key's signature in the form of 65 bytes, from that or the short one of ERC-2098;
/// nothing for bytes of another form.
std::optional<eth::Signature> key_signature(Bytes);

/// What the channels hand to the purse with a deposit.
ByteVector spend_data(const eth::Address& key, const U256& service, unsigned lane,
                      const U256& nonce, const eth::Signature&);

}  // namespace stoa::payment
