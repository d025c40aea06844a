#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <sstream>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/market/order.hpp"
#include "stoa/market/split.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::market {
namespace {

namespace json = boost::json;

/// What viem computed; test/vectors/market/make_vectors.mjs wrote it.
json::object vectors() {
    std::ifstream file(STOA_SOURCE_DIR "/test/vectors/market/market.json");
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).as_object();
}

std::string text_in(const json::value& object, const char* key) {
    return std::string{object.at(key).as_string()};
}

U256 number_in(const json::value& object, const char* key) {
    return parse_decimal(text_in(object, key)).value();
}

Order order_of(const json::value& published) {
    Order order;
    order.offer = number_in(published, "offer");
    order.terms_digest = parse_hash(text_in(published, "termsDigest")).value();
    order.holder = eth::parse_address(text_in(published, "holder")).value();
    order.n = static_cast<std::uint64_t>(number_in(published, "n"));
    order.token = eth::parse_address(text_in(published, "token")).value();
    order.max_price = Amount{number_in(published, "maxPrice")};
    order.deadline = static_cast<std::uint64_t>(number_in(published, "deadline"));
    order.hall = number_in(published, "hall");
    order.relay_fee = Amount{number_in(published, "relayFee")};
    order.salt = parse_hash(text_in(published, "salt")).value();
    return order;
}

TEST(Order, HasTheDigestThatWalletsSign) {
    const auto all = vectors();
    const auto chain = all.at("chainId").to_number<std::uint64_t>();
    const auto market = eth::parse_address(std::string{all.at("market").as_string()}).value();
    for (const auto& vector : all.at("digests").as_array()) {
        const Order order = order_of(vector.at("order"));
        EXPECT_EQ(to_hex(order_digest(chain, market, order)), text_in(vector, "digest"));
        EXPECT_EQ(terms_digest(text_in(vector, "terms")), order.terms_digest);
    }
}

TEST(Order, HasAnotherDigestWhenAnythingOfItChanges) {
    const eth::Address market = eth::address_literal("0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9");
    const Order order;
    const auto changed = [&](auto change) {
        Order other = order;
        change(other);
        return order_digest(713371, market, other);
    };
    const Hash256 others[] = {
        changed([](Order& o) { o.offer = 1; }),
        changed([](Order& o) { o.terms_digest.bytes[0] = 1; }),
        changed([](Order& o) { o.holder.bytes[0] = 1; }),
        changed([](Order& o) { o.n = 2; }),
        changed([](Order& o) { o.token.bytes[0] = 1; }),
        changed([](Order& o) { o.max_price = Amount{1}; }),
        changed([](Order& o) { o.deadline = 1; }),
        changed([](Order& o) { o.hall = 1; }),
        changed([](Order& o) { o.relay_fee = Amount{1}; }),
        changed([](Order& o) { o.salt.bytes[0] = 1; }),
        order_digest(713372, market, order),
        order_digest(713371, eth::kZeroAddress, order),
    };
    for (const Hash256& other : others) {
        EXPECT_NE(other, order_digest(713371, market, order));
        EXPECT_EQ(std::ranges::count(others, other), 1);
    }
}

TEST(Split, OfPartsIsMillionthsThatSumToTheWhole) {
    const auto all = vectors();
    for (const auto& vector : all.at("splits").as_array()) {
        const auto payees = parse_split(text_in(vector, "text")).value();
        ASSERT_EQ(payees.size(), vector.at("shares").as_array().size());
        for (std::size_t i = 0; i < payees.size(); ++i) {
            EXPECT_EQ(eth::to_checksum(payees[i].account), vector.at("accounts").at(i).as_string());
            EXPECT_EQ(payees[i].share, vector.at("shares").at(i).to_number<std::uint32_t>());
        }
    }
}

TEST(Split, ThatTheContractWouldRefuseIsRefused) {
    const std::string a = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
    const std::string b = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f";
    EXPECT_EQ(parse_split("").error(), MarketError::bad_split);
    EXPECT_EQ(parse_split(a).error(), MarketError::bad_split);
    EXPECT_EQ(parse_split(a + ":1.5").error(), MarketError::bad_split);
    EXPECT_EQ(parse_split(a + ":1,").error(), MarketError::bad_split);
    EXPECT_EQ(parse_split("0x14DC79964da2C08b23698B3D3cc7Ca32193d9955:1").error(),
              eth::EncodingError::bad_checksum);
    EXPECT_EQ(parse_split(a + ":0").error(), MarketError::zero_share);
    EXPECT_EQ(parse_split(a + ":1," + b + ":0").error(), MarketError::zero_share);
    EXPECT_EQ(parse_split(a + ":1," + b + ":1," + a + ":1").error(), MarketError::payee_twice);
    std::string many = a + ":1";
    for (std::size_t i = 0; i < kMaxPayees; ++i) many += "," + a + ":1";
    EXPECT_EQ(parse_split(many).error(), MarketError::too_many_payees);
}

TEST(Payees, AreSortedDistinctAndWhole) {
    eth::Address low;
    eth::Address high;
    high.bytes[0] = 1;
    EXPECT_TRUE(check_payees({{low, 1}, {high, 999'999}}));
    EXPECT_EQ(check_payees({}).error(), MarketError::no_payees);
    EXPECT_EQ(check_payees({{high, 500'000}, {low, 500'000}}).error(),
              MarketError::payees_unsorted);
    EXPECT_EQ(check_payees({{low, 500'000}, {low, 500'000}}).error(), MarketError::payee_twice);
    EXPECT_EQ(check_payees({{low, 500'000}, {high, 499'999}}).error(),
              MarketError::shares_not_whole);
    EXPECT_EQ(check_payees({{low, 1'000'000}, {high, 0}}).error(), MarketError::zero_share);
    EXPECT_EQ(check_payees(std::vector<Payee>(kMaxPayees + 1)).error(),
              MarketError::too_many_payees);
}

TEST(Due, IsRoundedDownAsTheContractDoes) {
    const auto all = vectors();
    for (const auto& vector : all.at("dues").as_array()) {
        EXPECT_EQ(due(Amount{number_in(vector, "received")},
                      vector.at("share").to_number<std::uint32_t>(),
                      Amount{number_in(vector, "claimed")}),
                  Amount{number_in(vector, "due")});
    }
}

RC_GTEST_PROP(Due, OfAllPayeesIsNeverMoreThanWhatCameIn, (std::uint64_t received)) {
    const auto count = *rc::gen::inRange<std::size_t>(1, kMaxPayees + 1);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        eth::Address account;
        account.bytes[19] = static_cast<std::uint8_t>(i + 1);
        const auto parts = *rc::gen::inRange<std::uint32_t>(1'000, 1'000'000);
        text += (i ? "," : "") + eth::to_checksum(account) + ':' + std::to_string(parts);
    }
    const auto payees = parse_split(text);
    RC_ASSERT(payees.has_value());
    RC_ASSERT(check_payees(*payees).has_value());
    Amount sum;
    for (const Payee& payee : *payees) sum += due(Amount{received}, payee.share, Amount{});
    RC_ASSERT(sum <= Amount{received});
    RC_ASSERT(Amount{received} - sum < Amount{count});
}

TEST(Rights, AreNamedInTheOrderOfTheirBits) {
    EXPECT_EQ(parse_rights("run,download").value(), 3u);
    EXPECT_EQ(names_of_rights(19),
              (std::vector<std::string_view>{"download", "run", "commercial"}));
    EXPECT_EQ(parse_rights("download,run,derive,serve,commercial").value(), 31u);
    EXPECT_EQ(parse_rights("").error(), MarketError::unknown_right);
    EXPECT_EQ(parse_rights("run,").error(), MarketError::unknown_right);
    EXPECT_EQ(parse_rights("fly").error(), MarketError::unknown_right);
}

}  // namespace
}  // namespace stoa::market
