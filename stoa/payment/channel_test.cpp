#include "stoa/payment/channel.hpp"

#include <gtest/gtest.h>

#include "stoa/base/hex.hpp"
#include "stoa/payment/vectors_test.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;

TokenAuthorization authorization_of(const json::value& message) {
    const auto number = [&](const char* key) {
        return static_cast<std::uint64_t>(parse_decimal(message.at(key).as_string(), 64).value());
    };
    return {address_of(message.at("from")), address_of(message.at("to")),
            amount_of(message.at("value")), number("validAfter"),
            number("validBefore"),          hash_of(message.at("nonce"))};
}

TEST(Channel, HasTheIdThatTheContractComputes) {
    for (const json::value& row : vectors().at("channels").as_array()) {
        const ChannelDomain domain{row.at("chainId").to_number<std::uint64_t>()};
        const ChannelConfig config = parse_channel_config(row.at("config")).value();
        EXPECT_EQ(domain.channel_id(config), hash_of(row.at("channelId"))) << row.at("name");
    }
}

TEST(Channel, HasAnotherIdWhenAnyPartOfItsConfigDiffers) {
    const ChannelDomain domain{kVectorChain};
    const ChannelConfig config = vector_channel();
    const auto differs = [&](auto change) {
        ChannelConfig other = config;
        change(other);
        return domain.channel_id(other) != domain.channel_id(config);
    };
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.payer.bytes[19] ^= 1; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.payer_authorizer.bytes[19] ^= 1; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.receiver.bytes[19] ^= 1; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.receiver_authorizer.bytes[19] ^= 1; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.token.bytes[19] ^= 1; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { ++c.withdraw_delay_seconds; }));
    EXPECT_TRUE(differs([](ChannelConfig& c) { c.salt.bytes[31] ^= 1; }));
    EXPECT_NE(ChannelDomain{kVectorChain + 1}.channel_id(config), domain.channel_id(config));
    EXPECT_NE((ChannelDomain{kVectorChain, kErc3009Collector}.channel_id(config)),
              domain.channel_id(config));
}

TEST(Voucher, HasTheDigestThatItsSessionKeySigned) {
    for (const json::value& row : vectors().at("vouchers").as_array()) {
        const ChannelDomain domain{row.at("chainId").to_number<std::uint64_t>()};
        const Hash256 digest = domain.voucher_digest(
            {hash_of(row.at("channelId")), amount_of(row.at("maxClaimableAmount"))});
        EXPECT_EQ(digest, hash_of(row.at("digest")));
        EXPECT_EQ(eth::recover(digest, signature_of(row.at("signature"))),
                  address_of(row.at("signer")));
    }
}

TEST(ClaimBatch, HasTheDigestThatTheAuthorizerSigned) {
    const ChannelDomain domain{kVectorChain};
    for (const json::value& row : vectors().at("claimBatches").as_array()) {
        std::vector<ClaimEntry> entries;
        for (const json::value& entry : row.at("entries").as_array()) {
            entries.push_back({hash_of(entry.at("channelId")),
                               amount_of(entry.at("maxClaimableAmount")),
                               amount_of(entry.at("totalClaimed"))});
        }
        const Hash256 digest = domain.claim_batch_digest(entries);
        EXPECT_EQ(digest, hash_of(row.at("digest")));
        EXPECT_EQ(eth::recover(digest, signature_of(row.at("signature"))),
                  address_of(row.at("signer")));
    }
}

TEST(Refund, HasTheDigestThatTheAuthorizerSigned) {
    const json::value& refund = vectors().at("refund");
    const json::value& message = refund.at("message");
    const Hash256 digest = ChannelDomain{kVectorChain}.refund_digest(
        hash_of(message.at("channelId")), amount_of(message.at("nonce")).units,
        amount_of(message.at("amount")));
    EXPECT_EQ(digest, hash_of(refund.at("digest")));
    EXPECT_EQ(eth::recover(digest, signature_of(refund.at("signature"))),
              address_of(refund.at("signer")));
}

TEST(RefundRequest, HasTheDigestOfItsTypedData) {
    const ChannelDomain domain{713371};
    const RefundRequest request{hash_of(vectors().at("channels").at(0).at("channelId")),
                                Amount{5000}, 3, 1'800'000'000};
    const Hash256 by_hand = eth::typed_digest(
        {"Stoa Refund", "1", 713371, kChannels},
        "RefundRequest(bytes32 channelId,uint128 amount,uint256 nonce,uint256 validBefore)",
        {request.channel_id, eth::word(std::uint64_t{5000}), eth::word(std::uint64_t{3}),
         eth::word(std::uint64_t{1'800'000'000})});
    EXPECT_EQ(domain.refund_request_digest(request), by_hand);
}

TEST(Deposit, IsSignedForTheNonceThatNamesItsChannel) {
    const json::value& row = vectors().at("eip3009Deposit");
    const TokenAuthorization message = authorization_of(row.at("message"));
    EXPECT_EQ(
        deposit_nonce(hash_of(row.at("channelId")), from_big_endian(hash_of(row.at("salt")).bytes)),
        message.nonce);
    const Hash256 digest =
        receive_authorization_digest(hash_of(row.at("domainSeparator")), message);
    EXPECT_EQ(digest, hash_of(row.at("digest")));
    EXPECT_EQ(eth::recover(digest, signature_of(row.at("signature"))),
              address_of(row.at("signer")));
}

TEST(Exact, IsATransferAuthorisation) {
    const json::value& row = vectors().at("eip3009Exact");
    const Hash256 digest = transfer_authorization_digest(hash_of(row.at("domainSeparator")),
                                                         authorization_of(row.at("message")));
    EXPECT_EQ(digest, hash_of(row.at("digest")));
    EXPECT_EQ(eth::recover(digest, signature_of(row.at("signature"))),
              address_of(row.at("signer")));
}

}  // namespace
}  // namespace stoa::payment
