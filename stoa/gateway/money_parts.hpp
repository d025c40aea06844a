#pragma once

#include "stoa/gateway/money_reader.hpp"

namespace stoa::gateway {

/// What a channel holds, cut into what it is for. They add up to what the contract holds of it.
struct ChannelParts {
    Amount claiming;     ///< Charged, and the claim is in no block yet.
    Amount charged;      ///< Charged and not claimed.
    Amount refunding;    ///< On its way back.
    Amount reserved;     ///< What a running call may cost.
    Amount withdrawing;  ///< The payer asked the contract for it.
    Amount rest;
};

/// `known` may be null: of a channel that this node doesn't serve it can't say what was charged.
ChannelParts parts_of(const ledger::Channel* known, const ledger::ChainState&,
                      const ChannelTransit&);

/// The row of charges whose claim is under way, the same for both sides.
MoneyItem claiming_row(const ledger::ChannelId&, const eth::Address& token, const Amount&,
                       const ChannelTransit&, const eth::Address& contract);

/// `amount · parts / 10^6`, rounded down.
Amount share_of(const Amount&, const U256& parts);

/// The unit of shares.
inline constexpr std::uint64_t kWhole = 1'000'000;

}  // namespace stoa::gateway
