#include "stoa/payment/limits.hpp"

#include <gtest/gtest.h>

#include "stoa/base/hex.hpp"

namespace stoa::payment {
namespace {

TEST(SessionLimits, AreSignedAsViemSignsThem) {
    SessionLimits limits;
    limits.channel_id.bytes.fill(0x11);
    limits.per_day = Amount{500'000};
    limits.expires = 1'800'000'000;
    limits.nonce = 3;
    const ChannelDomain channels{713371};
    EXPECT_EQ(to_hex(limits_digest(channels, limits)),
              "0x2772fd29991e5652b249fc7897d3930b6cd879280c259b7a4314164cde0ce409");
    limits.nonce = 4;
    EXPECT_NE(to_hex(limits_digest(channels, limits)),
              "0x2772fd29991e5652b249fc7897d3930b6cd879280c259b7a4314164cde0ce409");
}

}  // namespace
}  // namespace stoa::payment
