#include "stoa/payment/limits.hpp"

#include "stoa/eth/keccak.hpp"

namespace stoa::payment {

using eth::word;

Hash256 limits_digest(const ChannelDomain& channels, const SessionLimits& limits) {
    static const Hash256 type =
        eth::keccak256("Limits(bytes32 channelId,uint128 perDay,uint40 expires,uint256 nonce)");
    const Hash256 separator =
        eth::domain_separator({"Stoa Limits", "1", channels.chain_id(), channels.contract()});
    return eth::typed_digest(separator,
                             eth::struct_hash(type, {limits.channel_id, word(limits.per_day),
                                                     word(limits.expires), word(limits.nonce)}));
}

}  // namespace stoa::payment
