// Payment by channel (x402 batch-settlement): a buyer locks a deposit for one receiver once, then
// pays for each call by signing a larger total off chain; the receiver claims the last total.
// Formats and checks here, state and money in stoa/ledger. docs/reference/http.md has the wire.
#pragma once

#include <vector>

#include "stoa/eth/eip712.hpp"

namespace stoa::payment {

/// The same on every chain; stock clients have them built in.
inline constexpr eth::Address kChannels =
    eth::address_literal("0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003");
inline constexpr eth::Address kErc3009Collector =
    eth::address_literal("0x4020806089470a89826cB9fB1f4059150b550004");
inline constexpr eth::Address kPermit2Collector =
    eth::address_literal("0x4020425FAf3B746C082C2f942b4E5159887B0005");

inline constexpr std::uint64_t kMinWithdrawDelaySeconds = 900;
inline constexpr std::uint64_t kMaxWithdrawDelaySeconds = 2'592'000;

/// The contract stores amounts in 128 bits.
inline constexpr unsigned kAmountBits = 128;

/// What a channel is for; its hash is the channel's id, so nothing of it ever changes.
struct ChannelConfig {
    eth::Address payer;
    eth::Address payer_authorizer;  ///< The session key: signs vouchers.
    eth::Address receiver;
    eth::Address receiver_authorizer;  ///< Signs claims and refunds.
    eth::Address token;
    std::uint64_t withdraw_delay_seconds = 0;  ///< Below 2^40.
    Hash256 salt;
    friend bool operator==(const ChannelConfig&, const ChannelConfig&) = default;
};

/// A promise of a total. Vouchers are cumulative: each replaces the one before.
struct Voucher {
    Hash256 channel_id;
    Amount max_claimable;
    friend bool operator==(const Voucher&, const Voucher&) = default;
};

struct ClaimEntry {
    Hash256 channel_id;
    Amount max_claimable;  ///< Of the signed voucher.
    Amount total_claimed;  ///< The total after the claim.
};

/// A buyer's wish, signed by its wallet, to get back what a channel has left. Ours, not x402's:
/// for buyers whose session key is lost.
struct RefundRequest {
    Hash256 channel_id;
    Amount amount;                   ///< 0 is all that is not charged.
    U256 nonce;                      ///< The channel's refund nonce.
    std::uint64_t valid_before = 0;  ///< Unix seconds.
};

/// The channels of one chain: where their messages are valid. Make it once: it costs five hashes.
class ChannelDomain {
  public:
    explicit ChannelDomain(std::uint64_t chain_id, const eth::Address& contract = kChannels);

    std::uint64_t chain_id() const { return chain_id_; }
    const eth::Address& contract() const { return contract_; }

    /// What the contract's function of the same name returns.
    Hash256 channel_id(const ChannelConfig&) const;
    /// Signed by the session key.
    Hash256 voucher_digest(const Voucher&) const;
    /// Signed by the receiver's authorizer, for `claimWithSignature`.
    Hash256 claim_batch_digest(const std::vector<ClaimEntry>&) const;
    /// Signed by the receiver's authorizer, for `refundWithSignature`.
    Hash256 refund_digest(const Hash256& channel_id, const U256& nonce, const Amount& amount) const;
    /// Signed by the payer's wallet.
    Hash256 refund_request_digest(const RefundRequest&) const;

  private:
    std::uint64_t chain_id_;
    eth::Address contract_;
    Hash256 separator_;
    Hash256 request_separator_;
};

/// The EIP-3009 nonce of a deposit. It commits the wallet's one signature to the channel: session
/// key, receiver, delay, token, chain and contract.
Hash256 deposit_nonce(const Hash256& channel_id, const U256& salt);

/// `TransferWithAuthorization` and `ReceiveWithAuthorization` of EIP-3009.
struct TokenAuthorization {
    eth::Address from;
    eth::Address to;
    Amount value;
    std::uint64_t valid_after = 0;   ///< Unix seconds.
    std::uint64_t valid_before = 0;  ///< Unix seconds.
    Hash256 nonce;
    friend bool operator==(const TokenAuthorization&, const TokenAuthorization&) = default;
};

/// Of the token: its own name and version, its address as contract.
Hash256 receive_authorization_digest(const Hash256& token_separator, const TokenAuthorization&);
Hash256 transfer_authorization_digest(const Hash256& token_separator, const TokenAuthorization&);

}  // namespace stoa::payment
