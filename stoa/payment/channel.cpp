#include "stoa/payment/channel.hpp"

#include <algorithm>

#include "stoa/eth/keccak.hpp"

namespace stoa::payment {
namespace {

using eth::keccak256;
using eth::struct_hash;
using eth::typed_digest;
using eth::word;

Hash256 separator(const char* name, std::uint64_t chain_id, const eth::Address& contract) {
    return eth::domain_separator({name, "1", chain_id, contract});
}

Hash256 authorization_hash(const Hash256& type, const TokenAuthorization& a) {
    return struct_hash(type, {word(a.from), word(a.to), word(a.value), word(a.valid_after),
                              word(a.valid_before), a.nonce});
}

}  // namespace

ChannelDomain::ChannelDomain(std::uint64_t chain_id, const eth::Address& contract)
    : chain_id_(chain_id),
      contract_(contract),
      separator_(separator("x402 Batch Settlement", chain_id, contract)),
      request_separator_(separator("Stoa Refund", chain_id, contract)) {}

Hash256 ChannelDomain::channel_id(const ChannelConfig& c) const {
    static const Hash256 type = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address "
        "receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)");
    return typed_digest(
        separator_, struct_hash(type, {word(c.payer), word(c.payer_authorizer), word(c.receiver),
                                       word(c.receiver_authorizer), word(c.token),
                                       word(c.withdraw_delay_seconds), c.salt}));
}

Hash256 ChannelDomain::voucher_digest(const Voucher& voucher) const {
    static const Hash256 type = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    return typed_digest(separator_,
                        struct_hash(type, {voucher.channel_id, word(voucher.max_claimable)}));
}

Hash256 ChannelDomain::claim_batch_digest(const std::vector<ClaimEntry>& entries) const {
    static const Hash256 entry_type =
        keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)");
    static const Hash256 batch_type = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 "
        "maxClaimableAmount,uint128 totalClaimed)");
    ByteVector hashes;
    for (const ClaimEntry& entry : entries) {
        const Hash256 hash = struct_hash(
            entry_type, {entry.channel_id, word(entry.max_claimable), word(entry.total_claimed)});
        hashes.insert(hashes.end(), hash.bytes.begin(), hash.bytes.end());
    }
    return typed_digest(separator_, struct_hash(batch_type, {keccak256(hashes)}));
}

Hash256 ChannelDomain::refund_digest(const Hash256& channel_id, const U256& nonce,
                                     const Amount& amount) const {
    static const Hash256 type = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    return typed_digest(separator_, struct_hash(type, {channel_id, word(nonce), word(amount)}));
}

Hash256 ChannelDomain::refund_request_digest(const RefundRequest& request) const {
    static const Hash256 type = keccak256(
        "RefundRequest(bytes32 channelId,uint128 amount,uint256 nonce,uint256 validBefore)");
    return typed_digest(request_separator_,
                        struct_hash(type, {request.channel_id, word(request.amount),
                                           word(request.nonce), word(request.valid_before)}));
}

Hash256 deposit_nonce(const Hash256& channel_id, const U256& salt) {
    std::array<std::uint8_t, 64> data;
    std::ranges::copy(channel_id.bytes, data.begin());
    std::ranges::copy(word(salt).bytes, data.begin() + 32);
    return keccak256(Bytes{data});
}

Hash256 receive_authorization_digest(const Hash256& token_separator, const TokenAuthorization& a) {
    static const Hash256 type = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 "
        "validAfter,uint256 validBefore,bytes32 nonce)");
    return typed_digest(token_separator, authorization_hash(type, a));
}

Hash256 transfer_authorization_digest(const Hash256& token_separator, const TokenAuthorization& a) {
    static const Hash256 type = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 "
        "validAfter,uint256 validBefore,bytes32 nonce)");
    return typed_digest(token_separator, authorization_hash(type, a));
}

}  // namespace stoa::payment
