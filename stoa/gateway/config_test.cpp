#include "stoa/gateway/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace stoa::gateway {
namespace {

class ConfigTest : public testing::Test {
  protected:
    ~ConfigTest() override { std::filesystem::remove(file); }

    Config read(const std::string& text) const {
        std::ofstream(file) << text;
        return read_config(file);
    }
    std::string refusal(const std::string& text) const {
        try {
            read(text);
        } catch (const ConfigError& error) {
            return error.what();
        }
        return "";
    }

    std::filesystem::path file = std::filesystem::temp_directory_path() /
                                 ("stoa-config-" + std::to_string(::getpid()) + ".toml");
};

TEST_F(ConfigTest, ARelayCarriesForNothingUnlessACoinHasAPrice) {
    const auto plain = read("").relay;
    EXPECT_TRUE(plain.tokens_per_coin.empty());
    EXPECT_EQ(plain.free_per_day, 20U);
    const auto priced =
        read("[relay]\nfree_per_day = 3\n[relay.tokens_per_coin]\nTestUSD = \"2500000000\"\n")
            .relay;
    EXPECT_EQ(priced.free_per_day, 3U);
    ASSERT_EQ(priced.tokens_per_coin.size(), 1U);
    EXPECT_EQ(priced.tokens_per_coin.at("TestUSD"), Amount(2'500'000'000));
}

TEST_F(ConfigTest, AWrongSettingIsNamed) {
    EXPECT_NE(refusal("[relay]\nfree_per_day = -1\n").find("relay.free_per_day"),
              std::string::npos);
    EXPECT_NE(refusal("[relay]\nfees = 1\n").find("relay.fees"), std::string::npos);
    EXPECT_NE(refusal("[relay.tokens_per_coin]\nTestUSD = 5\n").find("tokens_per_coin.TestUSD"),
              std::string::npos);
    EXPECT_NE(refusal("[relay.tokens_per_coin]\nTestUSD = \"0\"\n").find("more than 0"),
              std::string::npos);
    EXPECT_NE(refusal("[chain]\nmode = \"rpc\"\n").find("chain.rpc"), std::string::npos);
    EXPECT_NE(refusal("prot = 1\n").find("prot"), std::string::npos);
}

}  // namespace
}  // namespace stoa::gateway
