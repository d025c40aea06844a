#include "stoa/keys/signer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/keys/keystore.hpp"

namespace stoa::keys {
namespace {

Secret secret(std::string_view hex) {
    return Secret::from_bytes(parse_hash(hex).value().bytes).value();
}

// The first account of anvil's test mnemonic.
const std::string kKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

TEST(Secret, HasTheAddressOfItsPublicKey) {
    EXPECT_EQ(eth::to_checksum(secret(kKey).address()),
              "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
}

TEST(Secret, IsANumberBetweenZeroAndTheOrderOfTheCurve) {
    const auto refused = [](std::string_view hex) {
        return Secret::from_bytes(parse_hash(hex).value().bytes).error();
    };
    EXPECT_EQ(refused("0x" + std::string(64, '0')), KeyError::not_a_key);
    EXPECT_EQ(refused("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
              KeyError::not_a_key);
    EXPECT_TRUE(Secret::from_bytes(
        parse_hash("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140")
            .value()
            .bytes));
    EXPECT_EQ(Secret::from_bytes(ByteVector(31, 1)).error(), KeyError::not_a_key);
}

TEST(Secret, DrawnTwiceIsNotTheSame) {
    EXPECT_NE(Secret::random().address(), Secret::random().address());
}

TEST(LocalSigner, SignsDigestsThatRecoverToItsAddress) {
    const LocalSigner signer(secret(kKey));
    for (int i = 0; i < 50; ++i) {
        const Hash256 digest = eth::keccak256(std::to_string(i));
        EXPECT_EQ(eth::recover(digest, signer.sign_typed_digest(digest)), signer.address());
    }
}

TEST(LocalSigner, SignsMessagesAsWalletsDo) {
    // `cast wallet sign --private-key KEY "hello"`.
    const LocalSigner signer(secret(kKey));
    EXPECT_EQ(eth::to_hex(signer.sign_message("hello")),
              "0xf16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab"
              "61a9db10c19032026e3ed2dbccba5a178235ac27f94504311c");
}

TEST(LocalSigner, SignsTransactionsThatItIsTheSenderOf) {
    const LocalSigner signer(secret(kKey));
    eth::Transaction transaction;
    transaction.chain_id = 901337;
    transaction.nonce = 7;
    transaction.max_fee = 30;
    transaction.max_priority_fee = 2;
    transaction.gas_limit = 21'000;
    transaction.to = signer.address();
    transaction.value = 5;

    const auto decoded = eth::decode_transaction(signer.sign_transaction(transaction));

    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->transaction, transaction);
    EXPECT_EQ(eth::sender_of(*decoded), signer.address());
}

}  // namespace
}  // namespace stoa::keys
