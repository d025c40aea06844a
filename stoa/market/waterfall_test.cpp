#include "stoa/market/waterfall.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace stoa::market {
namespace {

eth::Address account(std::uint8_t last) {
    eth::Address it;
    it.bytes[19] = last;
    return it;
}

SplitState split(std::uint8_t at, std::initializer_list<std::pair<std::uint8_t, unsigned>> payees) {
    SplitState state;
    state.address = account(at);
    for (const auto& [who, share] : payees) state.parts.emplace_back(account(who), share, Amount{});
    return state;
}

Amount drawn_of(const Waterfall& all, std::uint8_t at, std::uint8_t who) {
    for (const Part& part : all.find(account(at))->parts) {
        if (part.account == account(who)) return part.claimed;
    }
    return Amount{};
}

/// As contracts/test/Waterfall.t.sol: a leaf with two parents, a base that is paid by two ways.
std::vector<SplitState> four_models() {
    return {split(105, {{1, 312'500}, {2, 312'500}, {104, 125'000}, {103, 250'000}}),
            split(104, {{3, 922'300}, {101, 77'700}}), split(103, {{4, 666'700}, {102, 333'300}}),
            split(102, {{5, 900'000}, {101, 100'000}}), split(101, {{6, 333'333}, {7, 666'667}})};
}

TEST(Waterfall, GivesEachLevelItsPartDownToTheUnit) {
    Waterfall all{four_models()};
    all.pay(account(105), Amount{5'000'000});
    const auto pulls = all.pull();
    EXPECT_EQ(pulls.size(), 12u);
    EXPECT_EQ(all.find(account(101))->received, Amount{41'662 + 48'562});
    EXPECT_EQ(drawn_of(all, 101, 6), Amount{30'074});
    EXPECT_EQ(drawn_of(all, 101, 7), Amount{60'149});
    EXPECT_EQ(drawn_of(all, 104, 3), Amount{576'437});
    EXPECT_EQ(Waterfall::waits(*all.find(account(101))), Amount{1});
    EXPECT_TRUE(all.pull().empty());
}

TEST(Waterfall, PaysNothingForATokenWhoseBalanceShrank) {
    SplitState one = split(101, {{6, 500'000}, {7, 500'000}});
    one.received = Amount{100};
    one.parts[0].claimed = Amount{80};
    EXPECT_EQ(due(one, one.parts[0]), Amount{});
    EXPECT_EQ(due(one, one.parts[1]), Amount{50});
    EXPECT_EQ(Waterfall::waits(one), Amount{});
}

RC_GTEST_PROP(Waterfall, LosesNothingAndDoesNotCareWhenIsDrawn,
              (const std::vector<std::uint32_t>& payments)) {
    Waterfall often{four_models()};
    Waterfall once{four_models()};
    Amount sum;
    for (const std::uint32_t payment : payments) {
        often.pay(account(105), Amount{payment});
        if (payment % 2) often.pull();
        once.pay(account(105), Amount{payment});
        sum += Amount{payment};
    }
    often.pull();
    once.pull();
    Amount held;
    for (std::size_t i = 0; i < once.splits().size(); ++i) {
        const SplitState& state = once.splits()[i];
        RC_ASSERT(Waterfall::waits(state) < Amount{state.parts.size()});
        held += Waterfall::waits(state);
        for (std::size_t j = 0; j < state.parts.size(); ++j) {
            RC_ASSERT(state.parts[j].claimed == often.splits()[i].parts[j].claimed);
            if (!once.find(state.parts[j].account)) held += state.parts[j].claimed;
        }
    }
    RC_ASSERT(held == sum);
}

TEST(Wholes, AreTheProductsOfSharesOverAllWays) {
    const auto splits = four_models();
    const auto parts = wholes(splits);
    EXPECT_EQ(part_of_whole(parts[0], kWhole), kWhole);
    EXPECT_EQ(part_of_whole(parts[3], kWhole), 83'325u);
    // 0.25 · 0.3333 · 0.1 + 0.125 · 0.0777
    EXPECT_EQ(part_of_whole(parts[4], kWhole), 18'045u);
    EXPECT_EQ(part_of_whole(parts[4], 333'333), 6'014u);
}

TEST(WithParents, TakesThePartsOfParentsAndLeavesTheRestInProportion) {
    const auto payees =
        with_parents({{account(1), 142'857}, {account(2), 857'143}}, {{account(9), 3'333}});
    ASSERT_TRUE(payees);
    EXPECT_EQ(*payees, (std::vector<Payee>{
                           {account(1), 95'243}, {account(2), 571'457}, {account(9), 333'300}}));
}

TEST(WithParents, JoinsAnAccountThatComesTwice) {
    const auto payees = with_parents({{account(1), kWhole}}, {{account(1), 100}, {account(2), 0}});
    ASSERT_TRUE(payees);
    EXPECT_EQ(*payees, (std::vector<Payee>{{account(1), kWhole}}));
}

TEST(WithParents, RefusesMoreThanASplitHolds) {
    std::vector<Payee> many;
    for (std::uint8_t i = 1; i <= kMaxPayees; ++i) many.push_back({account(i), kWhole / 32});
    EXPECT_TRUE(with_parents(many, {}));
    EXPECT_EQ(with_parents(many, {{account(99), 1'000}}).error(), MarketError::too_many_payees);
    EXPECT_EQ(with_parents({}, {}).error(), MarketError::no_payees);
    EXPECT_EQ(
        with_parents({{account(1), kWhole}}, {{account(2), 6'000}, {account(3), 6'000}}).error(),
        MarketError::shares_not_whole);
}

RC_GTEST_PROP(WithParents, AreAlwaysTheWhole, (std::uint16_t first, std::uint16_t second)) {
    const auto payees = with_parents({{account(1), 333'333}, {account(2), 666'667}},
                                     {{account(3), first % 2'501u}, {account(4), second % 2'501u}});
    RC_ASSERT(payees.has_value());
    RC_ASSERT(check_payees(*payees).has_value());
}

}  // namespace
}  // namespace stoa::market
