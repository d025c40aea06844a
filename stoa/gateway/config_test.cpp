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

TEST_F(ConfigTest, AFacilitatorForOthersIsOffUnlessReceiversAreListed) {
    EXPECT_TRUE(read("").facilitator.receivers.empty());
    const auto on = read(
                        "[facilitator]\n"
                        "receivers = [\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"]\n"
                        "tokens = [\"TestUSD\"]\nper_day = 5\ngas_per_day = \"70000\"\n")
                        .facilitator;
    ASSERT_EQ(on.receivers.size(), 1U);
    EXPECT_EQ(on.tokens, std::vector<std::string>{"TestUSD"});
    EXPECT_EQ(on.per_day, 5U);
    EXPECT_EQ(on.gas_per_day, U256{70'000});
}

TEST_F(ConfigTest, AWrongFacilitatorIsExplained) {
    const auto expect = [&](const std::string& settings, const char* words) {
        EXPECT_NE(refusal("[facilitator]\n" + settings).find(words), std::string::npos)
            << refusal("[facilitator]\n" + settings);
    };
    const std::string good = "\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"";
    expect("receivers = [\"0x70997970c51812dc3A010C7d01b50e0d17dc79C8\"]", "checksum");
    expect("receivers = [\"0x0000000000000000000000000000000000000000\"]", "facilitator.receivers");
    expect("receivers = [" + good + "," + good + "]", "twice");
    expect("receivers = \"x\"", "facilitator.receivers");
    expect("per_day = 5", "without one it is off");
    expect("receivers = [" + good + "]\nper_day = 0", "facilitator.per_day");
    expect("receivers = [" + good + "]\ngas_per_day = \"0\"", "more than 0 wei");
    expect("receivers = [" + good + "]\ngas_per_day = 7", "facilitator.gas_per_day");
    expect("receivers = [" + good + "]\nfee = 1", "facilitator.fee");
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
