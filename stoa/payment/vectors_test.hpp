#pragma once

#include <boost/json.hpp>

#include "stoa/payment/channel.hpp"

namespace stoa::payment {

/// What the npm client, server and facilitator of x402 made and a chain accepted:
/// test/vectors/payments, read once.
const boost::json::object& vectors();

/// The vectors' chain, and the channel that most of them are about.
inline constexpr std::uint64_t kVectorChain = 31337;
ChannelConfig vector_channel();

Hash256 hash_of(const boost::json::value&);
eth::Address address_of(const boost::json::value&);
Amount amount_of(const boost::json::value&);
eth::Signature signature_of(const boost::json::value&);

}  // namespace stoa::payment
