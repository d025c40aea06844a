#include "stoa/relay/world_test.hpp"

namespace stoa::relay {
namespace {

TEST(relay, an_order_that_a_wallet_signed_buys_a_licence_without_its_gas) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        const Amount before = co_await it.balance_of(it.buyer.address());
        const Amount earned = co_await it.balance_of(it.operator_key.address());
        const auto done = co_await it.relay->order(it.signed_order(it.order(1, 10'000)));
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        EXPECT_EQ(done->licences, std::vector<U256>{1});
        EXPECT_EQ(done->price, Amount(5'000'000));
        EXPECT_GT(done->cost_wei, 0);
        const Amount after = co_await it.balance_of(it.buyer.address());
        EXPECT_EQ(before - after, Amount(5'010'000));
        const Amount now = co_await it.balance_of(it.operator_key.address());
        EXPECT_EQ(now - earned, Amount(10'000));
    });
}

TEST(relay, the_same_order_again_finds_the_same_transaction_and_counts_once) {
    NEEDS_GENESIS();
    World it;
    it.config.limits.free_per_day = 2;
    it.open();
    it.loop.run([&]() -> Task<void> {
        const auto order = it.signed_order(it.order(1));
        const auto first = co_await it.relay->order(order);
        const auto again = co_await it.relay->order(order);
        EXPECT_TRUE(first && again);
        EXPECT_EQ(first->transaction, again->transaction);
        EXPECT_EQ(co_await it.relay->free_left(it.buyer.address()), 1U);
    });
}

TEST(relay, a_permit_with_a_signed_order_buys_too) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        const Order order = it.order(1);
        OrderPermit by{it.buyer.address(), order.max_price, it.now() + 600, {}, {}};
        const eth::Domain domain{it.usd.name, it.usd.version, kChainId, it.usd.address};
        const auto permit = eth::typed_digest(
            domain,
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
            {eth::word(by.owner), eth::word(it.relay->market()), eth::word(by.value),
             eth::word(std::uint64_t{0}), eth::word(by.deadline)});
        by.signature = World::bytes_of(it.buyer.sign_typed_digest(permit));
        by.order_signature = World::bytes_of(it.buyer.sign_typed_digest(it.digest_of(order)));
        SignedOrder whole{order, by};
        const auto done = co_await it.relay->order(whole);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        by.order_signature.back() ^= 1;
        whole.order.salt.bytes[0] ^= 1;
        const auto forged = co_await it.relay->order(whole);
        EXPECT_EQ(forged.error().why, RelayError::bad_signature);
    });
}

TEST(relay, an_order_is_refused_for_what_is_wrong_with_it) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        auto changed = it.signed_order(it.order(1));
        changed.order.max_price += Amount(1);
        EXPECT_EQ((co_await it.relay->order(changed)).error().why, RelayError::bad_signature);

        auto late = it.order(2);
        late.deadline = it.now() + 2;
        const auto signed_late = it.signed_order(late);
        EXPECT_EQ((co_await it.relay->order(signed_late)).error().why, RelayError::expired);

        auto other = it.order(3);
        other.token.bytes[0] ^= 1;
        const auto signed_other = it.signed_order(other);
        EXPECT_EQ((co_await it.relay->order(signed_other)).error().why, RelayError::wrong_chain);

        auto many = it.order(4);
        many.n = 33;
        const auto signed_many = it.signed_order(many);
        EXPECT_EQ((co_await it.relay->order(signed_many)).error().why, RelayError::malformed);

        auto terms = it.order(5);
        terms.terms_digest.bytes[0] ^= 1;
        const auto signed_terms = it.signed_order(terms);
        const auto reverted = co_await it.relay->order(signed_terms);
        EXPECT_EQ(reverted.error().why, RelayError::would_revert);
        EXPECT_EQ(reverted.error().revert, "TermsDiffer");
        EXPECT_EQ(co_await chain::nonce(*it.rpc, it.operator_key.address()), 0U);
    });
}

TEST(relay, without_a_rate_orders_are_free_within_the_quota) {
    NEEDS_GENESIS();
    World it;
    it.config.limits.free_per_day = 1;
    it.open();
    it.loop.run([&]() -> Task<void> {
        const auto fees = co_await it.relay->fees(it.usd.address);
        EXPECT_EQ(fees.order, Amount{});
        const auto first = it.signed_order(it.order(1));
        EXPECT_TRUE((co_await it.relay->order(first)).has_value());
        const auto second = it.signed_order(it.order(2));
        EXPECT_EQ((co_await it.relay->order(second)).error().why, RelayError::quota);
    });
}

TEST(relay, with_a_rate_an_order_pays_for_its_gas_and_needs_no_quota) {
    NEEDS_GENESIS();
    World it;
    it.config.limits.free_per_day = 0;
    it.config.tokens_per_coin[it.usd.address] = Amount(2'000'000'000);
    it.open();
    it.loop.run([&]() -> Task<void> {
        const auto free_one = it.signed_order(it.order(1));
        EXPECT_EQ((co_await it.relay->order(free_one)).error().why, RelayError::below_cost);
        const auto cheap = it.signed_order(it.order(3, 1));
        EXPECT_EQ((co_await it.relay->order(cheap)).error().why, RelayError::below_cost);
        const auto fees = co_await it.relay->fees(it.usd.address);
        EXPECT_GT(fees.order, Amount{});
        const auto fee = static_cast<std::uint64_t>(fees.order.units);
        const Amount before = co_await it.balance_of(it.operator_key.address());
        const auto paying = it.signed_order(it.order(4, fee));
        const auto done = co_await it.relay->order(paying);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        const Amount after = co_await it.balance_of(it.operator_key.address());
        EXPECT_EQ(after - before, fees.order);
    });
}

TEST(relay, the_gas_of_a_day_has_a_budget) {
    NEEDS_GENESIS();
    World it;
    it.config.limits.gas_budget_wei = 1;
    it.open();
    it.loop.run([&]() -> Task<void> {
        const auto order = it.signed_order(it.order(1));
        EXPECT_EQ((co_await it.relay->order(order)).error().why, RelayError::gas_budget);
        EXPECT_EQ(co_await it.relay->free_left(it.buyer.address()), 20U);
    });
}

TEST(relay, a_deposit_opens_the_very_channel_that_was_signed) {
    NEEDS_GENESIS();
    World it;
    it.config.min_deposit[it.usd.address] = Amount(1'000);
    it.open();
    it.loop.run([&]() -> Task<void> {
        auto other = it.deposit(2'000'000);
        other.config.payer_authorizer.bytes[0] ^= 1;
        EXPECT_EQ((co_await it.relay->deposit(other)).error().why, RelayError::bad_signature);
        const auto small = it.deposit(999);
        EXPECT_EQ((co_await it.relay->deposit(small)).error().why, RelayError::below_cost);
        const auto rich = it.deposit(20'000'000'000);
        const auto refused = co_await it.relay->deposit(rich);
        EXPECT_EQ(refused.error().why, RelayError::would_revert);

        const auto right = it.deposit(2'000'000);
        const auto done = co_await it.relay->deposit(right);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        EXPECT_EQ(done->balance, Amount(2'000'000));
        EXPECT_EQ(done->channel_id, it.relay->channels().channel_id(it.channel()));
        const auto again = co_await it.relay->deposit(right);
        EXPECT_EQ(again->transaction, done->transaction);
        const auto more = it.deposit(500'000, 2);
        EXPECT_EQ((co_await it.relay->deposit(more))->balance, Amount(2'500'000));
    });
}

TEST(relay, an_exit_claims_what_is_earned_and_returns_the_rest) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        const auto deposit = it.deposit(2'000'000);
        co_await it.relay->deposit(deposit);
        const Amount before = co_await it.balance_of(it.buyer.address());
        auto forged = it.leaving(Amount(2'000'000), Amount(300'000));
        forged.request.amount = Amount(5);
        EXPECT_EQ((co_await it.relay->exit(forged)).error().why, RelayError::bad_signature);

        const auto exit = it.leaving(Amount(2'000'000), Amount(300'000));
        const auto done = co_await it.relay->exit(exit);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        EXPECT_EQ(done->amount, Amount(1'700'000));
        const Amount after = co_await it.balance_of(it.buyer.address());
        EXPECT_EQ(after - before, Amount(1'700'000));

        const auto stale = it.leaving(Amount(2'000'000), Amount(300'000), 5);
        EXPECT_EQ((co_await it.relay->exit(stale)).error().why, RelayError::stale_nonce);
        const auto empty = it.leaving(Amount(300'000), Amount(300'000), 1);
        EXPECT_EQ((co_await it.relay->exit(empty)).error().why, RelayError::nothing_left);
        auto foreign = it.leaving(Amount(2'000'000), Amount(0));
        foreign.config.receiver_authorizer.bytes[0] ^= 1;
        EXPECT_EQ((co_await it.relay->exit(foreign)).error().why, RelayError::wrong_chain);
    });
}

TEST(relay, a_wallet_that_is_a_contract_deposits_and_leaves_by_its_owners_signature) {
    NEEDS_GENESIS();
    World it;
    it.loop.run([&]() -> Task<void> {
        const chain::testing::SmartAccount wallet(it.buyer.address());
        co_await wallet.deploy(*it.rpc);
        static const eth::abi::Function kTransfer("transfer(address,uint256) returns (bool)");
        const List gift{wallet.address, 2'000'000};
        co_await it.transact(1, it.usd.address, kTransfer.encode(gift));

        auto deposit = it.deposit(2'000'000);
        deposit.config.payer = wallet.address;
        const auto id = it.relay->channels().channel_id(deposit.config);
        const auto nonce = payment::deposit_nonce(id, deposit.salt);
        deposit.signature =
            World::bytes_of(it.buyer.sign_typed_digest(payment::receive_authorization_digest(
                it.usd_separator(), {wallet.address, payment::kErc3009Collector, deposit.amount,
                                     deposit.valid_after, deposit.valid_before, nonce})));
        const auto deposited = co_await it.relay->deposit(deposit);
        EXPECT_TRUE(deposited.has_value()) << deposited.error().detail;

        auto exit = it.leaving(Amount(2'000'000), Amount(0));
        exit.config = deposit.config;
        exit.request.channel_id = id;
        const auto digest = it.relay->channels().refund_request_digest(exit.request);
        exit.signature = World::bytes_of(it.session.sign_typed_digest(digest));
        EXPECT_EQ((co_await it.relay->exit(exit)).error().why, RelayError::bad_signature);
        exit.signature = World::bytes_of(it.buyer.sign_typed_digest(digest));
        const auto left = co_await it.relay->exit(exit);
        EXPECT_TRUE(left.has_value()) << left.error().detail;
        const Amount back = co_await it.balance_of(wallet.address);
        EXPECT_EQ(back, Amount(2'000'000));
    });
}

}  // namespace
}  // namespace stoa::relay
