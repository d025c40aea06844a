#include "stoa/chain/contract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stoa::chain {
namespace {

const std::filesystem::path kAbis = std::filesystem::path(STOA_SOURCE_DIR) / "contracts/abi";
constexpr auto kHolder = eth::address_literal("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

TEST(contract, a_custom_error_is_told_by_name_with_its_parameters) {
    const Abi market = Abi::read(kAbis / "Market.json");
    const eth::abi::Function error("PriceAboveMax(uint256 price,uint256 maxPrice)");
    const Revert why = market.explain(error.encode({12, 10}));
    EXPECT_EQ(why.name, "PriceAboveMax");
    EXPECT_EQ(why.message, "PriceAboveMax(price 12, maxPrice 10)");
}

TEST(contract, a_reason_and_a_panic_are_told_in_words) {
    const Abi none;
    const eth::abi::Function reason("Error(string)");
    EXPECT_EQ(none.explain(reason.encode({"too late"})).name, "Error");
    EXPECT_EQ(none.explain(reason.encode({"too late"})).message, "too late");
    const eth::abi::Function panic("Panic(uint256)");
    EXPECT_EQ(none.explain(panic.encode({0x11})).name, "Panic");
}

TEST(contract, unknown_and_empty_revert_data_still_make_a_sentence) {
    const Abi none;
    EXPECT_EQ(none.explain({}).message, "the call reverted without saying why");
    EXPECT_EQ(none.explain(ByteVector{0xde, 0xad, 0xbe, 0xef}).message,
              "the call reverted with 0xdeadbeef");
}

TEST(contract, an_event_is_found_by_its_topic_and_read_by_its_parameters_names) {
    const Abi market = Abi::read(kAbis / "Market.json");
    Log log;
    log.topics = {market.event("OfferActiveSet").topic(), eth::word(std::uint64_t{7})};
    log.data = ByteVector(32, 0);
    log.data[31] = 1;
    const auto decoded = market.decode(log);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->name, "OfferActiveSet");
    EXPECT_EQ((*decoded)["offer"].as_number(), 7);
    EXPECT_TRUE((*decoded)["active"].as_bool());
    EXPECT_THROW((*decoded)["nothing"], std::out_of_range);
}

TEST(contract, a_log_of_another_event_or_with_missing_data_is_nothing) {
    const Abi market = Abi::read(kAbis / "Market.json");
    Log log;
    EXPECT_FALSE(market.decode(log));
    log.topics = {Hash256{}};
    EXPECT_FALSE(market.decode(log));
    log.topics = {market.event("OfferActiveSet").topic(), eth::word(std::uint64_t{7})};
    EXPECT_FALSE(market.decode(log));
}

TEST(contract, structs_of_the_compilers_json_have_the_selector_of_their_declaration) {
    const Abi market = Abi::read(kAbis / "Market.json");
    const eth::abi::Function relay_order(
        "relayOrder((uint256,bytes32,address,uint256,address,uint256,uint256,uint256,uint256,"
        "bytes32),(address,uint256,uint256,bytes)) returns (uint256)");
    EXPECT_EQ(market.function("relayOrder").selector(), relay_order.selector());
    EXPECT_THROW(market.function("relayNothing"), std::out_of_range);
}

TEST(contract, all_our_interfaces_together_know_every_error) {
    const Abi all = Abi::read_folder(kAbis);
    for (const char* name : {"InvalidRefundNonce", "OfferInactive", "ERC20InsufficientBalance",
                             "DeadlinePassed", "FaucetUsed"}) {
        EXPECT_TRUE(all.has_error(name)) << name;
    }
}

TEST(contract, values_are_written_for_people) {
    const eth::abi::Function it(
        "It(address who,int8 change,bool yes,string name,bytes4 tag,uint256[] many)");
    Abi abi;
    abi.declare("error It(address who,int8 change,bool yes,string name,bytes4 tag,uint256[] many)");
    const auto many = std::vector<eth::abi::Value>{1, 2};
    const auto data = it.encode(
        {kHolder, -3, true, "a", eth::abi::Value::fixed_bytes(ByteVector{1, 2, 3, 4}), many});
    EXPECT_EQ(abi.explain(data).message,
              "It(who 0x70997970C51812dc3A010C7d01b50e0d17dc79C8, change -3, yes true, name \"a\", "
              "tag 0x01020304, many [1, 2])");
}

}  // namespace
}  // namespace stoa::chain
