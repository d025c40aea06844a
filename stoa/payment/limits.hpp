#pragma once

#include "stoa/payment/channel.hpp"

namespace stoa::payment {

/// What a payer allows one session, kept by the node that serves it: the contract knows nothing of
/// it. Signed by the payer's wallet, or, where it only allows less than before, by the session key.
struct SessionLimits {
    Hash256 channel_id;
    Amount per_day;             ///< What may be charged of one day (UTC).
    std::uint64_t expires = 0;  ///< Unix seconds, from which on the key is refused.
    U256 nonce;                 ///< How often limits of this channel were set before.
};

/// The most that each can be, and means that there is no limit.
inline const Amount kNoDayLimit{(U256{1} << kAmountBits) - 1};
inline constexpr std::uint64_t kNeverExpires = (std::uint64_t{1} << 40) - 1;

/// EIP-712: `Limits(bytes32 channelId,uint128 perDay,uint40 expires,uint256 nonce)` of the domain
/// {name "Stoa Limits", version "1", chainId, verifyingContract: Channels}.
Hash256 limits_digest(const ChannelDomain&, const SessionLimits&);

}  // namespace stoa::payment
