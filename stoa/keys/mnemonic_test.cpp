#include "stoa/keys/mnemonic.hpp"

#include <gtest/gtest.h>

#include "stoa/eth/vectors_test.hpp"
#include "stoa/keys/keystore.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::keys {
namespace {

constexpr std::string_view kAnvil = "test test test test test test test test test test test junk";

TEST(Mnemonic, GivesTheAccountsOfAnvil) {
    EXPECT_EQ(eth::to_checksum(derive(kAnvil)->address()),
              "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    EXPECT_EQ(eth::to_checksum(derive(kAnvil, "m/44'/60'/0'/0/1")->address()),
              "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
}

TEST(Mnemonic, GivesTheKeysOfThePublishedVectors) {
    int nodes = 0;
    for (const auto& vector : eth::published_vectors("hdnode")) {
        const auto& fields = vector.as_object();
        const auto* password = fields.if_contains("password");
        for (const auto& node : fields.at("hdnodes").as_array()) {
            const auto secret = derive(
                fields.at("mnemonic").as_string(), node.at("path").as_string(),
                password == nullptr ? std::string_view{} : std::string_view(password->as_string()));
            ASSERT_TRUE(secret) << vector;
            ASSERT_EQ(eth::to_lower_hex(secret->address()), node.at("address").as_string())
                << vector;
            ++nodes;
        }
    }
    EXPECT_GT(nodes, 5'000);
}

TEST(Mnemonic, MayStandOnSeveralLines) {
    EXPECT_EQ(
        derive("\n test  test test test\ttest test\r\ntest test test test test junk\n")->address(),
        derive(kAnvil)->address());
}

TEST(Mnemonic, OfAnotherNumberOfWordsIsRefused) {
    EXPECT_EQ(derive("").error(), KeyError::not_a_mnemonic);
    EXPECT_EQ(derive("test test").error(), KeyError::not_a_mnemonic);
    EXPECT_EQ(derive(std::string(kAnvil) + " junk").error(), KeyError::not_a_mnemonic);
    EXPECT_EQ(derive(std::string(kAnvil) + " " + std::string(kAnvil) + " a b c").error(),
              KeyError::not_a_mnemonic);
}

TEST(Mnemonic, PathMustBeOneOfBip32) {
    for (const auto* path : {"", "44'/60'", "m/", "m//1", "m/x", "m/1''", "m/2147483648", "m/-1",
                             "m/0/", "m1", "m/0/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"}) {
        EXPECT_EQ(derive(kAnvil, path).error(), KeyError::not_a_path) << path;
    }
}

}  // namespace
}  // namespace stoa::keys
