#include "stoa/client/purse.hpp"

#include <gtest/gtest.h>

#include "stoa/client/fake_node_test.hpp"

namespace stoa::client {
namespace {

constexpr eth::Address kToken = eth::address_literal("0x5FbDB2315678afecb367f032d93F642f64180aa3");
constexpr std::uint64_t kNow = 1'800'000'000;

PurseStatus used_today(std::uint64_t balance, std::uint64_t cap, std::uint64_t spent) {
    PurseStatus it;
    it.exists = true;
    it.balance = Amount{balance};
    auto& key = it.key.emplace();
    key.left = Amount{cap - spent};
    key.left_today = Amount{cap - spent};
    key.cap_per_day = Amount{cap};
    key.cap_per_service = Amount{cap};
    key.valid = true;
    return it;
}

TEST(PurseStatus, TellsTheLeastOfWhatIsThereAndWhatIsAllowed) {
    PurseStatus it = used_today(100, 1000, 0);
    EXPECT_EQ(it.spendable(), Amount{100});
    it.key->left = Amount{50};
    EXPECT_EQ(it.spendable(), Amount{50});
    it.key->left_today = Amount{20};
    EXPECT_EQ(it.spendable(), Amount{20});
    it.key->valid = false;
    EXPECT_EQ(it.spendable(), Amount{});
    EXPECT_EQ(PurseStatus{}.spendable(), Amount{});
}

TEST(PursePolicy, OfAFirstFillingAllowsAllOfIt) {
    const auto key = key_of("session")->address();
    const auto it = policy_for(PurseStatus{}, key, kToken, Amount{700}, PurseLimits{}, kNow);
    EXPECT_EQ(it.key, key);
    EXPECT_EQ(it.token, kToken);
    EXPECT_EQ(it.cap, Amount{700});
    EXPECT_EQ(it.cap_per_day, Amount{700});
    EXPECT_EQ(it.cap_per_service, Amount{700});
    EXPECT_EQ(it.expires, kNow + 30 * 24 * 3600);
    EXPECT_TRUE(it.services.empty());
}

TEST(PursePolicy, CountsOnFromWhatTheKeyHasUsed) {
    const auto key = key_of("session")->address();
    const PurseStatus status = used_today(100, 1000, 900);
    const auto it = policy_for(status, key, kToken, Amount{500}, PurseLimits{}, kNow);
    EXPECT_EQ(it.cap, Amount{600});
    EXPECT_EQ(it.cap_per_day, Amount{1500});
    EXPECT_EQ(it.cap_per_service, Amount{1600});
}

TEST(PursePolicy, KeepsToTheLimitsThatWereChosen) {
    PurseLimits limits;
    limits.total = Amount{300};
    limits.per_day = Amount{200};
    limits.per_service = Amount{100};
    limits.days = 2;
    limits.services.assign(1, 7);
    const PurseStatus status = used_today(100, 1000, 900);
    const auto it =
        policy_for(status, key_of("session")->address(), kToken, Amount{500}, limits, kNow);
    EXPECT_EQ(it.cap, Amount{300});
    EXPECT_EQ(it.cap_per_day, Amount{200});
    EXPECT_EQ(it.cap_per_service, Amount{100});
    EXPECT_EQ(it.expires, kNow + 2 * 24 * 3600);
    EXPECT_EQ(it.services, std::vector<U256>(1, 7));
}

TEST(PurseLimits, AreKeptForEachKey) {
    TestUser user;
    user.deployment.contracts["Purses"] = to_checksum(kToken);
    TokenInfo token;
    token.address = kToken;
    const Purse purse{user.context, user.deployment, token, user.wallet->address()};
    const auto key = key_of("session")->address();
    PurseLimits limits;
    limits.per_day = Amount{200};
    limits.services.assign(2, 9);
    purse.keep(key, limits);
    EXPECT_EQ(purse.limits(key).per_day, Amount{200});
    EXPECT_FALSE(purse.limits(key).total);
    EXPECT_EQ(purse.limits(key).services, limits.services);
    EXPECT_FALSE(purse.limits(key_of("other")->address()).per_day);
}

TEST(Purse, NeedsAContractAndATokenThatTakesAuthorisations) {
    TestUser user;
    TokenInfo token;
    token.eip3009 = true;
    EXPECT_FALSE(Purse::is_possible(user.deployment, token));
    user.deployment.contracts["Purses"] = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    EXPECT_TRUE(Purse::is_possible(user.deployment, token));
    token.eip3009 = false;
    EXPECT_FALSE(Purse::is_possible(user.deployment, token));
}

}  // namespace
}  // namespace stoa::client
