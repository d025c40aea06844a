#pragma once

#include <variant>

#include "stoa/eth/abi.hpp"
#include "stoa/eth/eip712.hpp"
#include "stoa/payment/channel.hpp"

namespace stoa::relay {

/// What a buyer agrees to, as in contracts/src/interfaces/IMarket.sol, which has the words. The
/// numbers are untrusted.
struct Order {
    U256 offer;
    Hash256 terms_digest;
    eth::Address holder;
    U256 n;
    eth::Address token;
    Amount max_price;
    U256 deadline;
    U256 hall;
    Amount relay_fee;
    Hash256 salt;
    friend bool operator==(const Order&, const Order&) = default;
};

/// An EIP-3009 ReceiveWithAuthorization to the market of `max_price`, whose nonce is the order's
/// digest: one signature for both.
struct OrderAuthorization {
    eth::Address from;
    std::uint64_t valid_after = 0;   ///< Unix seconds.
    std::uint64_t valid_before = 0;  ///< Unix seconds.
    ByteVector signature;
};

/// An EIP-2612 permit for the market, and the signature of the order itself.
struct OrderPermit {
    eth::Address owner;
    Amount value;
    U256 deadline;
    ByteVector signature;  ///< 65 bytes.
    ByteVector order_signature;
};

struct SignedOrder {
    Order order;
    std::variant<OrderAuthorization, OrderPermit> payment;

    const eth::Address& payer() const;
};

/// Of EIP-712; the market's `orderDigest`. `separator` is that of `market_domain`.
Hash256 order_digest(const Hash256& separator, const Order&);
eth::Domain market_domain(std::uint64_t chain_id, const eth::Address& market);

/// Call data of `relayOrder` or `relayPermitOrder`.
ByteVector relay_call(const SignedOrder&);

/// An EIP-3009 deposit into a channel, as in x402; payment::deposit_nonce has its nonce.
struct SignedDeposit {
    payment::ChannelConfig config;
    Amount amount;
    std::uint64_t valid_after = 0;
    std::uint64_t valid_before = 0;
    U256 salt;
    ByteVector signature;
};

/// Call data of the channels' `deposit` through the EIP-3009 collector.
ByteVector deposit_call(const SignedDeposit&, const eth::Address& collector);

/// The same through any collector, with what that one takes.
ByteVector deposit_call(const payment::ChannelConfig&, const Amount&, const eth::Address& collector,
                        ByteVector collector_data);

/// The newest voucher of a channel and what of it is earned.
struct Earned {
    Amount max_claimable;
    eth::Signature voucher;
    Amount charged;
};

/// Call data that claims what is earned and refunds the rest in one transaction; `earned` is empty
/// where all of it is claimed. The signatures are of the receiver's authorizer.
struct Refund {
    payment::ChannelConfig config;
    Amount amount;
    U256 nonce;
    eth::Signature signature;
};
ByteVector refund_call(const Refund&);
ByteVector claim_and_refund_call(const Refund&, const Earned&, const eth::Signature& claim);

eth::abi::Value config_value(const payment::ChannelConfig&);

}  // namespace stoa::relay
