#include "stoa/client/lineage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stoa::client {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* kAda = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
constexpr const char* kBea = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f";
const eth::Address kOwn = eth::parse_address(kAda).value();

std::string code_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const Failure& failure) {
        return failure.code();
    }
    return "none";
}

TEST(ParseBase, TakesAModelItsVersionAndItsPart) {
    EXPECT_EQ(parse_base("tiny").model, "tiny");
    EXPECT_FALSE(parse_base("tiny").version);
    EXPECT_FALSE(parse_base("tiny").bps);
    const BaseOption all = parse_base("0xabc/tiny-1.5_b@2:1000");
    EXPECT_EQ(all.model, "0xabc/tiny-1.5_b");
    EXPECT_EQ(all.version, 2u);
    EXPECT_EQ(all.bps, 1'000u);
    EXPECT_EQ(parse_base("7:0").bps, 0u);
}

TEST(ParseBase, RefusesWhatIsNone) {
    for (const char* text : {"", "@1", ":100", "tiny@0", "tiny@", "tiny@x", "tiny:", "tiny:10001",
                             "tiny:-1", "tiny@4294967296"}) {
        EXPECT_EQ(code_of([&] { parse_base(text); }), "bad_base") << text;
    }
}

TEST(FindCreators, TakesPayeesWithTheirRolesOrTheSplitOrTheAccountAlone) {
    EXPECT_EQ(find_creators("", {}, kOwn).payees,
              (std::vector<market::Payee>{{kOwn, market::kWhole}}));
    const std::vector<std::string> two{std::string{kAda} + ":3:author",
                                       std::string{kBea} + ":1:data: all of it"};
    const Creators creators = find_creators("", two, kOwn);
    ASSERT_EQ(creators.payees.size(), 2u);
    EXPECT_EQ(creators.payees[0].share, 750'000u);
    ASSERT_EQ(creators.roles.size(), 2u);
    EXPECT_EQ(creators.roles[1].account, kBea);
    EXPECT_EQ(creators.roles[1].role, "data: all of it");
    const std::string split = std::string{kAda} + ":1," + kBea + ":1";
    EXPECT_EQ(find_creators(split, {}, kOwn).payees[0].share, 500'000u);
    EXPECT_TRUE(find_creators(split, {}, kOwn).roles.empty());
}

TEST(FindCreators, RefusesBadSharesAndRoles) {
    const auto refused = [](const std::string& text) {
        return code_of([&] { find_creators("", {text}, kOwn); });
    };
    EXPECT_EQ(refused(kAda), "bad_split");
    EXPECT_EQ(refused(std::string{kAda} + ":0"), "zero_share");
    EXPECT_EQ(refused(std::string{kAda} + ":1:"), "bad_role");
    EXPECT_EQ(refused(std::string{kAda} + ":1:" + std::string(41, 'a')), "bad_role");
    EXPECT_EQ(refused(std::string{kAda} + ":1:a\x1b[2J"), "bad_role");
}

TEST(WaterfallText, ShowsEveryLevelWithItsPartOfTheWhole) {
    Base base;
    base.model = 4;
    base.version = 2;
    base.bps = 2'500;
    base.pay_to = kOwn;
    base.title = "Tiny";
    base.royalties = json::parse(R"({"splits": [
        {"address": "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", "payees": [
            {"account": "0x00000000000000000000000000000000000000A1", "share": 400000,
             "kind": "account", "role": "author"},
            {"account": "0x00000000000000000000000000000000000000A2", "share": 600000,
             "kind": "split"}]},
        {"address": "0x00000000000000000000000000000000000000A2", "title": "Old\u001b", "model": "1",
         "payees": [{"account": "0x00000000000000000000000000000000000000A3", "share": 1000000,
                     "kind": "account"}]}]})");
    const std::vector<std::string> payees{std::string{kBea} + ":1:tuner"};
    const std::string text = waterfall_text(find_creators("", payees, kOwn), {base});
    EXPECT_THAT(text, HasSubstr("75.0000 %  " + std::string{kBea} + "  tuner\n"));
    EXPECT_THAT(text, HasSubstr("25.0000 %  Tiny (model 4, version 2), which passes on:\n"));
    EXPECT_THAT(text, HasSubstr("10.0000 %  0x00000000000000000000000000000000000000A1  author\n"));
    EXPECT_THAT(text, HasSubstr("15.0000 %  Old"));
    EXPECT_THAT(text, HasSubstr("15.0000 %  0x00000000000000000000000000000000000000A3\n"));
    EXPECT_EQ(text.find('\x1b'), text.npos);
}

}  // namespace
}  // namespace stoa::client
