#pragma once

#include <vector>

#include "stoa/chain/rpc.hpp"
#include "stoa/ledger/event.hpp"

namespace stoa::ledger {

/// The events of one channel don't add up to its balance: an endpoint withholds one, or lies.
class ChannelDoubt : public chain::RpcFailure {
  public:
    ChannelDoubt(const ChannelId& channel, const std::string& what)
        : RpcFailure(what), channel_(channel) {}
    const ChannelId& channel() const { return channel_; }

  private:
    ChannelId channel_;
};

/// What the contract Channels and the chain's tokens hold. All throw `chain::RpcFailure`.
class ChannelReader {
  public:
    explicit ChannelReader(chain::Rpc& rpc, const eth::Address& contract = payment::kChannels)
        : rpc_(rpc), contract_(contract) {}

    const eth::Address& contract() const { return contract_; }

    /// What is read together.
    struct Blocks {
        chain::BlockId now;
        std::optional<std::uint64_t> safe;  ///< Nothing on chains without this name.
    };
    Task<Blocks> blocks();

    /// In the order of `ids`, all of one block, with what of it is safe. An unknown channel is all
    /// zeros. Throws `ChannelDoubt`, too, of the first that it finds.
    Task<std::vector<ChainState>> states(std::vector<ChannelId> ids);
    Task<std::vector<ChainState>> states(std::vector<ChannelId> ids, Blocks);
    Task<ChainState> state(ChannelId id);

    struct Receiver {
        Amount claimed;
        Amount settled;
    };
    /// Now, or at a block.
    Task<Receiver> receiver(eth::Address receiver, eth::Address token,
                            std::optional<std::uint64_t> block = std::nullopt);
    Task<Amount> token_balance(eth::Address token, eth::Address owner);
    /// Of an EIP-3009 authorisation.
    Task<bool> is_nonce_used(eth::Address token, eth::Address authorizer, Hash256 nonce);

  private:
    Task<std::vector<ChainState>> some_states(std::span<const ChannelId>, Blocks);

    chain::Rpc& rpc_;
    eth::Address contract_;
};

/// A channel at one block.
struct ChannelLook {
    Amount balance;
    Amount claimed;
    Amount withdrawing;
    std::int64_t withdraw_requested_at = 0;
};

/// What its events between two blocks add up to.
struct ChannelMoves {
    Amount deposited;
    Amount refunded;
    Amount withdrawn;
};

/// What stays in the channel, or was claimed from it, whatever a fork down to the block of `safe`
/// does: deposits may vanish and payments to the payer stay, in any order, and a withdrawal that
/// was pending then may be paid beside the refund that took its place. What was claimed by then
/// can't go any more. Of a withdrawal that is still pending nothing is subtracted.
Amount firm_balance(const ChannelLook& safe, const ChannelLook& now, const ChannelMoves& since);

}  // namespace stoa::ledger
