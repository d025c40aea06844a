#include "stoa/market/price_curve.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <sstream>

#include <boost/json.hpp>

namespace stoa::market::price_curve {
namespace {

namespace json = boost::json;

/// What BigInts computed, and real numbers of 30 places; contracts/tools/price_vectors.mjs wrote
/// it.
const json::object& vectors() {
    static const json::object all = [] {
        std::ifstream file(STOA_SOURCE_DIR "/contracts/test/vectors/price_curve.json");
        std::stringstream text;
        text << file.rdbuf();
        return json::parse(text.str()).as_object();
    }();
    return all;
}

U256 number(const json::value& row, const char* name) {
    return parse_decimal(std::string_view{row.at(name).as_string()}).value();
}

/// Whether `found`, in 1e18, is within 1e-9 of `real`, in 1e30.
bool close(const U256& found, const U256& real) {
    const U256 scaled = found * U256{1'000'000'000'000};
    const U256 off = scaled > real ? U256{scaled - real} : U256{real - scaled};
    return off * 1'000'000'000 <= real;
}

TEST(PriceCurve, IsTheContractsToTheBit) {
    for (const auto& row : vectors().at("exp").as_array()) {
        const U256 found = exp(number(row, "x")).value();
        EXPECT_EQ(found, number(row, "exp"));
        EXPECT_TRUE(close(found, number(row, "real30")));
    }
    for (const auto& row : vectors().at("ln").as_array()) {
        EXPECT_EQ(ln(Amount{number(row, "a")}, Amount{number(row, "b")}).value(),
                  number(row, "ln"));
    }
    for (const auto& row : vectors().at("drained").as_array()) {
        EXPECT_EQ(drained(number(row, "excess"), number(row, "targetPerDay"),
                          static_cast<std::uint64_t>(number(row, "time"))),
                  number(row, "left"));
    }
    for (const auto& row : vectors().at("sale").as_array()) {
        const auto sold = sale(Amount{number(row, "floor")}, Amount{number(row, "cap")},
                               number(row, "sensitivity"), number(row, "excess"),
                               static_cast<std::uint32_t>(number(row, "n")));
        EXPECT_EQ(sold->total.units, number(row, "total"));
        EXPECT_EQ(sold->next, number(row, "next"));
    }
}

TEST(PriceCurve, RefusesWhatIsNoCurve) {
    EXPECT_EQ(exp(U256{"67000000000000000001"}).error(), MarketError::no_curve);
    EXPECT_EQ(ln(Amount{1}, Amount{0}).error(), MarketError::no_curve);
    EXPECT_EQ(ln(Amount{1}, Amount{2}).error(), MarketError::no_curve);
    EXPECT_EQ(sale(Amount{2}, Amount{1}, 5, 0, 1).error(), MarketError::no_curve);
    EXPECT_EQ(sale(Amount{1}, Amount{2}, 0, 0, 1).error(), MarketError::no_curve);
}

RC_GTEST_PROP(PriceCurve, StaysBetweenFloorAndCapAndNeverFallsBySelling, ()) {
    const auto floor = *rc::gen::inRange<std::uint64_t>(1, 1'000'000'000);
    const auto cap = floor + *rc::gen::inRange<std::uint64_t>(1, 1'000'000'000'000);
    const U256 sensitivity =
        U256{*rc::gen::inRange<std::uint64_t>(1, 1'000'000)} * 1'000'000'000'000'000;
    const U256 excess =
        U256{*rc::gen::inRange<std::uint64_t>(0, 1'000'000)} * 1'000'000'000'000'000;
    const auto first = sale(Amount{floor}, Amount{cap}, sensitivity, excess, 1).value();
    const auto second = sale(Amount{floor}, Amount{cap}, sensitivity, first.next, 1).value();
    RC_ASSERT(first.total >= Amount{floor});
    RC_ASSERT(second.total <= Amount{cap});
    RC_ASSERT(second.total >= first.total);
    const auto both = sale(Amount{floor}, Amount{cap}, sensitivity, excess, 2).value();
    RC_ASSERT(both.next == second.next);
    RC_ASSERT(both.total <= first.total + second.total);
    RC_ASSERT(both.total + Amount{1} >= first.total + second.total);
}

}  // namespace
}  // namespace stoa::market::price_curve
