#pragma once

#include <vector>

#include "stoa/chain/types.hpp"
#include "stoa/ledger/event.hpp"

namespace stoa::ledger {

// Call data of the contract Channels; docs/reference/contracts.md has its interface.

/// A row of `claimWithSignature`: `total` of what the voucher promises is earned.
struct Claim {
    payment::ChannelConfig config;
    payment::Voucher voucher;
    eth::Signature signature;
    Amount total;
};

ByteVector deposit_call(const payment::ChannelConfig&, const SignedDeposit&);
/// `authorized` is the receiver authorizer's signature of payment::ChannelDomain's batch digest.
ByteVector claim_call(const std::vector<Claim>&, const eth::Signature& authorized);
/// Of a receiver's `claimChannels`, for the one whom its service names as claimant.
ByteVector receiver_claim_call(const std::vector<Claim>&);
ByteVector settle_call(const eth::Address& receiver, const eth::Address& token);
ByteVector refund_call(const payment::ChannelConfig&, const Amount&, const U256& nonce,
                       const eth::Signature& authorized);
ByteVector multicall(const std::vector<ByteVector>& calls);

/// What a call of the contract is to move.
struct DepositMove {
    ChannelId channel;
    payment::ChannelConfig config;
    Amount amount;
};
struct ClaimMove {
    ChannelId channel;
    payment::ChannelConfig config;
    Amount total;
};
struct RefundMove {
    ChannelId channel;
    payment::ChannelConfig config;
    Amount amount;  ///< At most.
    U256 nonce;
};
struct SettleMove {
    eth::Address receiver;
    eth::Address token;
};
using ChannelMove = std::variant<DepositMove, ClaimMove, RefundMove, SettleMove>;

/// The inverse of the above, several where it is a multicall or a batch; none of other call data.
std::vector<ChannelMove> moves_of(const payment::ChannelDomain&, Bytes call_data);

std::vector<payment::ClaimEntry> entries_of(const std::vector<Claim>&);

/// The channel that a log of the contract is about; nothing for Settled and foreign logs.
std::optional<ChannelId> channel_of(const chain::Log&);

}  // namespace stoa::ledger
