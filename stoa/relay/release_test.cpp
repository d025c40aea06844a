#include "stoa/relay/world_test.hpp"

namespace stoa::relay {
namespace {

/// What pays out the model's one payee, in one call of Multicall3.
Task<Release> release_of(World& it, Amount worth, std::string wish) {
    static const eth::abi::Function kPayTo("payTo(uint256 model) returns (address)");
    static const eth::abi::Function kClaim("claim(address token,address account)");
    static const eth::abi::Function kAggregate(
        "aggregate3((address target,bool allowFailure,bytes callData)[] calls)");
    const List model{1};
    const auto values =
        co_await chain::must_read(*it.rpc, it.deployment.contract("ModelRegistry"), kPayTo, model);
    Release release;
    release.pay_to = values.front().as_address();
    release.token = it.usd.address;
    release.worth = std::move(worth);
    release.wish = std::move(wish);
    const List claim{it.usd.address, chain::testing::signer(3).address()};
    const List call{release.pay_to, false, kClaim.encode(claim)};
    const List calls{Value(call)};
    const List all{Value(calls)};
    release.data = kAggregate.encode(all);
    co_return release;
}

TEST(release, pays_who_is_due_without_anybodys_signature_once_for_each_wish) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        co_await it.relay->order(it.signed_order(it.order(1)));
        const auto creator = chain::testing::signer(3).address();
        const Amount before = co_await it.balance_of(creator);
        const Release release = co_await release_of(it, Amount(5'000'000), "first");
        const auto done = co_await it.relay->release(release);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        const Amount after = co_await it.balance_of(creator);
        EXPECT_EQ(after - before, Amount(5'000'000));
        const auto again = co_await it.relay->release(release);
        EXPECT_EQ(again->transaction, done->transaction);
        EXPECT_EQ(co_await it.relay->free_left(release.pay_to), 19U);
        EXPECT_EQ(co_await it.relay->free_left(creator), 20U);
    });
}

TEST(release, is_refused_where_nothing_is_due_or_less_than_it_costs) {
    NEEDS_GENESIS();
    World it;
    it.config.tokens_per_coin[it.usd.address] = Amount(1'000'000'000'000);
    it.open();
    it.loop.run([&]() -> Task<void> {
        Release release = co_await release_of(it, Amount(1), "first");
        const auto dear = co_await it.relay->release(release);
        EXPECT_EQ(dear.error().why, RelayError::below_cost);
        release.worth = Amount{};
        const auto empty = co_await it.relay->release(release);
        EXPECT_EQ(empty.error().why, RelayError::nothing_due);
        release.worth = Amount(5'000'000);
        release.token = eth::kZeroAddress;
        const auto native = co_await it.relay->release(release);
        EXPECT_EQ(native.error().why, RelayError::wrong_chain);
    });
}

}  // namespace
}  // namespace stoa::relay
