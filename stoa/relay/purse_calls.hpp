#pragma once

#include "stoa/eth/abi.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::relay {

/// An EIP-3009 ReceiveWithAuthorization of the owner to its purse, whose nonce is the digest of
/// the policy that it comes with: one signature for both.
struct PurseFunding {
    Amount value;
    std::uint64_t valid_after = 0;   ///< Unix seconds.
    std::uint64_t valid_before = 0;  ///< Unix seconds.
    ByteVector signature;
};

// Call data of contracts/src/interfaces/IPurse.sol: the first two for `Purses`, which makes the
// purse where it is missing, the others for the purse itself.
ByteVector fund_call(const eth::Address& owner, const payment::PursePolicy&, const PurseFunding&);
ByteVector set_policy_call(const eth::Address& owner, const payment::PursePolicy&,
                           const ByteVector& signature);
ByteVector revoke_call(const eth::Address& key, const ByteVector& signature);
ByteVector exit_call(const ByteVector& signature);
ByteVector close_call(const std::vector<payment::ChannelConfig>&);

}  // namespace stoa::relay
