#include "stoa/payment/price.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stoa::payment {
namespace {

TEST(Price, RoundsPartsOfAUnitUp) {
    const Price price{Amount{10}, Amount{150'000}, Amount{600'000}};
    EXPECT_EQ(cost(price, {0, 0}), Amount{10});
    EXPECT_EQ(cost(price, {1, 0}), Amount{11});
    EXPECT_EQ(cost(price, {100, 50}), Amount{10 + 15 + 30});
    EXPECT_EQ(cost(price, {7, 0}), Amount{12});
}

TEST(Price, IsRoundedUpToItsTwoLeadingDigits) {
    const auto rounded = [](std::uint64_t units) {
        return rounded_up_to_two_digits(Amount{units});
    };
    EXPECT_EQ(rounded(0), Amount{0});
    EXPECT_EQ(rounded(99), Amount{99});
    EXPECT_EQ(rounded(100), Amount{100});
    EXPECT_EQ(rounded(101), Amount{110});
    EXPECT_EQ(rounded(999), Amount{1000});
    EXPECT_EQ(rounded(123'456), Amount{130'000});
}

TEST(Price, BoundsEveryCallWithinItsTokens) {
    std::mt19937_64 random{7};
    for (int i = 0; i < 2000; ++i) {
        const Price price{Amount{random() % 5000}, Amount{random() % 9'000'000},
                          Amount{random() % 9'000'000}};
        const Usage most{random() % 100'000, random() % 100'000};
        const Amount bound = price_bound(price, most);
        const Usage real{random() % (most.input_tokens + 1), random() % (most.output_tokens + 1)};
        EXPECT_LE(cost(price, real), bound);
        // Two digits are lost at most: a tenth of the price.
        EXPECT_LE(bound.units, cost(price, most).units * 11 / 10 + 1);
    }
}

TEST(ChargeMeter, ChargesWhatWasDelivered) {
    ChargeMeter meter{{Amount{1}, Amount{1'000'000}, Amount{2'000'000}}, Amount{100}};
    EXPECT_EQ(meter.charge(), Amount{1});
    meter.input_accepted(10);
    meter.output_delivered(3);
    meter.output_delivered(2);
    EXPECT_EQ(meter.charge(), Amount{1 + 10 + 10});
    EXPECT_EQ(meter.usage().output_tokens, 5U);
}

TEST(ChargeMeter, KnowsWhatWasSignedIsEnoughFor) {
    ChargeMeter meter{{Amount{1}, Amount{1'000'000}, Amount{2'000'000}}, Amount{20}};
    meter.input_accepted(10);
    EXPECT_TRUE(meter.has_room_for(4));
    EXPECT_FALSE(meter.has_room_for(5));
    meter.raise_to(Amount{21});
    EXPECT_TRUE(meter.has_room_for(5));
    EXPECT_EQ(meter.charge(), Amount{11});
}

TEST(ChargeMeter, NeverChargesMoreThanWasSigned) {
    ChargeMeter meter{{Amount{1}, Amount{1'000'000}, Amount{2'000'000}}, Amount{100}};
    meter.input_accepted(1'000);
    EXPECT_EQ(meter.charge(), Amount{100});
}

}  // namespace
}  // namespace stoa::payment
