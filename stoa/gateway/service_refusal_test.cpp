#include "stoa/gateway/service_refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stoa::gateway {
namespace {

using testing::HasSubstr;

const eth::Address kProvider =
    eth::parse_address("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955").value();

std::string explained(const char* name, const catalogue::Royalty& royalty = {}) {
    return explain_refusal({name, "the chain's own words", {}}, royalty, kProvider);
}

TEST(ServiceRefusal, NamesThePricesThatReachWhatTheMakersAskFor) {
    catalogue::Royalty royalty;
    royalty.call_bps = 3'333;
    royalty.token = kProvider;
    royalty.per_call = Amount{100};
    royalty.per_million = Amount{50'000};
    const std::string why = explained("BelowMinimum", royalty);
    EXPECT_THAT(why, HasSubstr("they get 33.33 %, at least 100 of a call"));
    // 301 · 3,333 = 1,003,233 ≥ 1,000,000, and 300 is too little; as Services compares.
    EXPECT_THAT(why, HasSubstr("per_call to 301 or more"));
    EXPECT_THAT(why, HasSubstr("per_million_output to 150016 or more"));
}

TEST(ServiceRefusal, NamesTheWayInWhereTheMakersSayWhoMayServe) {
    EXPECT_THAT(explained("ServingNotAllowed"), HasSubstr(eth::to_checksum(kProvider)));
    EXPECT_THAT(explained("VersionNotServable"), HasSubstr("withdrawn"));
}

TEST(ServiceRefusal, LeavesTheRestToTheChainsOwnWords) {
    EXPECT_EQ(explained("BadEndpoint"), "the chain's own words");
}

}  // namespace
}  // namespace stoa::gateway
