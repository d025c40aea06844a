#include "stoa/payment/purse.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "stoa/base/hex.hpp"
#include "stoa/payment/vectors_test.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;

/// As viem signs them; the contract's own tests read the same file.
const json::value& rows() {
    static const json::value all = [] {
        std::ifstream file(STOA_SOURCE_DIR "/contracts/test/vectors/purse.json");
        std::ostringstream text;
        text << file.rdbuf();
        return json::parse(text.str());
    }();
    return all;
}

PurseDomain domain() {
    return {rows().at("chainId").to_number<std::uint64_t>(), address_of(rows().at("purse"))};
}

U256 number_of(const json::value& value) {
    return parse_decimal(value.as_string()).value();
}

PursePolicy policy_of(const json::value& row) {
    PursePolicy it;
    it.key = address_of(row.at("key"));
    it.token = address_of(row.at("token"));
    it.cap = amount_of(row.at("cap"));
    it.cap_per_day = amount_of(row.at("capPerDay"));
    it.cap_per_service = amount_of(row.at("capPerService"));
    it.expires = row.at("expires").to_number<std::uint64_t>();
    for (const json::value& service : row.at("services").as_array()) {
        it.services.push_back(number_of(service));
    }
    return it;
}

void expect_signed(const Hash256& digest, const json::value& row, const char* by) {
    EXPECT_EQ(digest, hash_of(row.at("digest")));
    EXPECT_EQ(eth::recover(digest, signature_of(row.at("signature"))), address_of(rows().at(by)));
}

TEST(Purse, PoliciesHaveTheDigestThatTheOwnerSigned) {
    ASSERT_EQ(rows().at("setPolicy").as_array().size(), 3U);
    for (const json::value& row : rows().at("setPolicy").as_array()) {
        const PursePolicy policy = policy_of(row.at("policy"));
        EXPECT_TRUE(is_well_formed(policy));
        expect_signed(domain().set_policy_digest(policy, 0), row, "owner");
        EXPECT_NE(domain().set_policy_digest(policy, 1), hash_of(row.at("digest")));
    }
}

TEST(Purse, RevocationsAndExitsHaveTheDigestThatTheOwnerSigned) {
    const auto key = address_of(rows().at("key"));
    expect_signed(domain().revoke_digest(key, 0), rows().at("revoke"), "owner");
    expect_signed(domain().exit_digest(0), rows().at("exit"), "owner");
    EXPECT_NE(domain().exit_digest(1), domain().exit_digest(0));
}

TEST(Purse, SpendingsAreSignedByTheKeyInEitherForm) {
    const auto key = address_of(rows().at("key"));
    for (const json::value& row : rows().at("spend").as_array()) {
        const Hash256 digest = domain().spend_digest(
            hash_of(row.at("channelId")), amount_of(row.at("amount")), number_of(row.at("nonce")));
        expect_signed(digest, row, "key");
        const auto whole = key_signature(parse_hex(row.at("signature").as_string(), 65).value());
        const auto brief = key_signature(parse_hex(row.at("compact").as_string(), 64).value());
        ASSERT_TRUE(whole && brief);
        EXPECT_EQ(*whole, *brief);
        const auto lane = static_cast<unsigned>(number_of(row.at("lane")));
        const ByteVector data =
            spend_data(key, number_of(row.at("service")), lane, number_of(row.at("nonce")), *brief);
        EXPECT_EQ(to_hex(data), row.at("data").as_string());
    }
    EXPECT_FALSE(key_signature(ByteVector(63)));
    EXPECT_FALSE(key_signature(ByteVector(66)));
}

TEST(Purse, AKeyHasAChannelOfItsOwnOnEachLane) {
    const ChannelDomain channels(rows().at("chainId").to_number<std::uint64_t>());
    unsigned lanes = 0;
    for (const json::value& row : rows().at("spend").as_array()) {
        const auto lane = static_cast<unsigned>(number_of(row.at("lane")));
        const ChannelConfig config =
            purse_channel(address_of(rows().at("purse")), address_of(rows().at("key")),
                          address_of(row.at("receiver")), address_of(row.at("receiverAuthorizer")),
                          address_of(rows().at("token")), lane);
        EXPECT_EQ(channels.channel_id(config), hash_of(row.at("channelId")));
        EXPECT_EQ(lane_of(config), lane);
        lanes |= 1U << lane;
        ChannelConfig other = config;
        other.salt = eth::word(std::uint64_t{kPurseLanes});
        EXPECT_FALSE(lane_of(other));
        other = config;
        other.withdraw_delay_seconds = 3601;
        EXPECT_FALSE(lane_of(other));
    }
    EXPECT_EQ(lanes, (1U << kPurseLanes) - 1);
}

TEST(Purse, AnotherChainOrPurseIsAnotherDomain) {
    const auto chain = rows().at("chainId").to_number<std::uint64_t>();
    auto other = address_of(rows().at("purse"));
    EXPECT_NE(PurseDomain(chain + 1, other).exit_digest(0), domain().exit_digest(0));
    other.bytes[19] ^= 1;
    EXPECT_NE(PurseDomain(chain, other).exit_digest(0), domain().exit_digest(0));
}

TEST(Purse, APolicyMustFitTheContract) {
    const PursePolicy right = policy_of(rows().at("setPolicy").at(0).at("policy"));
    const auto breaks = [&](auto change) {
        PursePolicy other = right;
        change(other);
        return !is_well_formed(other);
    };
    const Amount large{U256{1} << 96};
    EXPECT_TRUE(breaks([&](PursePolicy& it) { it.cap = large; }));
    EXPECT_TRUE(breaks([&](PursePolicy& it) { it.cap_per_day = large; }));
    EXPECT_TRUE(breaks([&](PursePolicy& it) { it.cap_per_service = large; }));
    EXPECT_TRUE(breaks([](PursePolicy& it) { it.expires = 1ULL << 40; }));
    EXPECT_TRUE(breaks([](PursePolicy& it) { it.key = eth::kZeroAddress; }));
    EXPECT_TRUE(breaks([](PursePolicy& it) { it.services.assign(17, 1); }));
}

}  // namespace
}  // namespace stoa::payment
