#pragma once

#include <vector>

#include "stoa/chain/rpc.hpp"
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
ByteVector settle_call(const eth::Address& receiver, const eth::Address& token);
ByteVector refund_call(const payment::ChannelConfig&, const Amount&, const U256& nonce,
                       const eth::Signature& authorized);
ByteVector multicall(const std::vector<ByteVector>& calls);

std::vector<payment::ClaimEntry> entries_of(const std::vector<Claim>&);

/// The channel that a log of the contract is about; nothing for Settled and foreign logs.
std::optional<ChannelId> channel_of(const chain::Log&);

/// What the contract and the chain's tokens hold. All throw `chain::RpcFailure`.
class ChannelReader {
  public:
    explicit ChannelReader(chain::Rpc& rpc, const eth::Address& contract = payment::kChannels)
        : rpc_(rpc), contract_(contract) {}

    const eth::Address& contract() const { return contract_; }

    /// In the order of `ids`, all of one block, the balances also of the `safe` one. An unknown
    /// channel is all zeros.
    Task<std::vector<ChainState>> states(std::vector<ChannelId> ids);
    Task<ChainState> state(ChannelId id);

    struct Receiver {
        Amount claimed;
        Amount settled;
    };
    Task<Receiver> receiver(eth::Address receiver, eth::Address token);
    Task<Amount> token_balance(eth::Address token, eth::Address owner);
    /// Of an EIP-3009 authorisation.
    Task<bool> is_nonce_used(eth::Address token, eth::Address authorizer, Hash256 nonce);

  private:
    Task<std::vector<ChainState>> some_states(std::span<const ChannelId>);

    chain::Rpc& rpc_;
    eth::Address contract_;
};

}  // namespace stoa::ledger
