#include "stoa/eth/address.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/base/amount.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/eth/signature.hpp"
#include "stoa/eth/vectors_test.hpp"

namespace stoa::eth {
namespace {

TEST(Keccak, HasThePublishedHashes) {
    for (const auto& vector : published_vectors("hashes")) {
        EXPECT_EQ(to_hex(keccak256(bytes_of(vector.at("data")))), text_of(vector.at("keccak256")));
    }
}

TEST(Address, HasTheChecksumOfThePublishedAccounts) {
    for (const auto& vector : published_vectors("accounts")) {
        const auto* checksum = vector.as_object().if_contains("checksumAddress");
        if (!checksum || !checksum->is_string()) continue;
        const auto address = parse_address(text_of(*checksum));
        ASSERT_TRUE(address) << *checksum;
        EXPECT_EQ(to_checksum(*address), text_of(*checksum));
        EXPECT_EQ(parse_address(to_lower_hex(*address)), address);
    }
}

TEST(Address, WithAWrongChecksumIsRefused) {
    EXPECT_EQ(parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").value(),
              parse_address_any_case("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").value());
    EXPECT_EQ(parse_address("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD").error(),
              EncodingError::bad_checksum);
    EXPECT_TRUE(parse_address_any_case("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"));
    EXPECT_TRUE(parse_address("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"));
}

TEST(Address, OfOtherShapeIsRefused) {
    for (const char* text : {"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                             "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA",
                             "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedzz"}) {
        EXPECT_EQ(parse_address(text).error(), EncodingError::bad_address) << text;
    }
}

TEST(CreateAddress, FollowsSenderAndNonce) {
    const Address sender = address_literal("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
    const char* expected[] = {"0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
                              "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8",
                              "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91"};
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
        EXPECT_EQ(to_lower_hex(create_address(sender, nonce)), expected[nonce]);
    }
}

TEST(CreateAddress, HasTheExamplesOfEip1014) {
    const auto create2 = [](std::string_view deployer, std::string_view salt,
                            std::string_view code) {
        return to_checksum(create2_address(parse_address_any_case(deployer).value(),
                                           parse_hash(salt).value(),
                                           keccak256(parse_hex(code, 64).value())));
    };
    const std::string zero = "0x" + std::string(64, '0');
    EXPECT_EQ(create2("0x0000000000000000000000000000000000000000", zero, "0x00"),
              "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38");
    EXPECT_EQ(create2("0xdeadbeef00000000000000000000000000000000", zero, "0x00"),
              "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3");
    EXPECT_EQ(
        create2("0x00000000000000000000000000000000deadbeef",
                "0x00000000000000000000000000000000000000000000000000000000cafebabe", "0xdeadbeef"),
        "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7");
}

// `cast wallet sign "hello"` with the first account of anvil's test mnemonic.
const std::string kHello =
    "0xf16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab61a9db10c19"
    "032026e3ed2dbccba5a178235ac27f94504311c";

TEST(Signature, RecoversToItsSigner) {
    const auto signature = parse_signature(kHello).value();
    EXPECT_EQ(to_hex(signature), kHello);
    EXPECT_EQ(to_checksum(recover(personal_digest("hello"), signature).value()),
              "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    EXPECT_NE(recover(personal_digest("hello!"), signature),
              recover(personal_digest("hello"), signature));
}

TEST(Signature, InAnyOtherFormRecoversToNobody) {
    const Hash256 digest = personal_digest("hello");
    const auto signature = parse_signature(kHello).value();
    Signature high = signature;  // n - s with the other v signs the same
    const U256 order = from_big_endian(
        parse_hash("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")->bytes);
    const U256 s = order - from_big_endian(Bytes{signature.bytes}.subspan(32, 32));
    std::ranges::copy(to_big_endian(s), high.bytes.begin() + 32);
    high.bytes[64] = 27;
    EXPECT_EQ(recover(digest, high), std::nullopt);
    for (const int v : {0, 1, 26, 29, 31}) {
        Signature other = signature;
        other.bytes[64] = static_cast<std::uint8_t>(v);
        EXPECT_EQ(recover(digest, other), std::nullopt) << v;
    }
    EXPECT_EQ(recover(digest, Signature{}), std::nullopt);
}

TEST(Signature, OfWalletsMayWriteVAsABit) {
    std::string text = kHello;
    text.replace(text.size() - 2, 2, "01");
    EXPECT_EQ(parse_wallet_signature(text), parse_signature(kHello));
    EXPECT_EQ(parse_signature(kHello.substr(0, 130)).error(), EncodingError::bad_signature);
    EXPECT_EQ(parse_signature(kHello + "00").error(), EncodingError::bad_signature);
}

}  // namespace
}  // namespace stoa::eth
