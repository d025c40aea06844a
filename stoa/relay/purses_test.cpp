#include "stoa/relay/world_test.hpp"

namespace stoa::relay {
namespace {

using payment::PurseDomain;
using payment::PursePolicy;

constexpr std::uint64_t kFunds = 10'000'000;

/// A live service beside the rest of the world, and a purse that is signed for.
struct PurseWorld : World {
    PurseWorld() {
        loop.run([this]() -> Task<void> { co_await offer_service(); });
    }

    Task<void> offer_service() {
        const auto services = chain::Abi::read(kRoot / "contracts/abi/Services.json");
        const List price{usd.address, 100, 0, 0};
        const List prices{Value(price)};
        const List service{
            1, 1,     "http://localhost:1/v1", prices, authorizer.address(), eth::kZeroAddress,
            0, 86'400};
        const List call{Value(service)};
        co_await transact(3, deployment.contract("Services"),
                          services.function("offerService").encode(call));
        static const eth::abi::Function kReceiverOf(
            "receiverOf(uint256 service) returns (address,address,bool)");
        const List first{1};
        const auto found =
            co_await chain::must_read(*rpc, deployment.contract("Services"), kReceiverOf, first);
        receiver = found.front().as_address();
        static const eth::abi::Function kPurseOf(
            "purseOf(address owner,address token) returns (address)");
        const List whose{buyer.address(), usd.address};
        const auto its =
            co_await chain::must_read(*rpc, deployment.contract("Purses"), kPurseOf, whose);
        purse = its.front().as_address();
        EXPECT_EQ(relay->purses().reader().purse_of(buyer.address(), usd.address), purse);
    }

    PursePolicy policy(std::uint64_t cap = kFunds) const {
        PursePolicy it;
        it.key = session.address();
        it.token = usd.address;
        it.cap = it.cap_per_day = it.cap_per_service = Amount(cap);
        it.expires = now() + 86'400;
        return it;
    }

    PurseDomain domain() const { return PurseDomain(kChainId, purse); }

    ByteVector by_owner(const Hash256& digest) const {
        return bytes_of(buyer.sign_typed_digest(digest));
    }

    PurseFunding funding(const PursePolicy& it, std::uint64_t nonce,
                         std::uint64_t value = kFunds) const {
        PurseFunding by{Amount(value), 0, now() + 600, {}};
        by.signature = by_owner(payment::receive_authorization_digest(
            usd_separator(), {buyer.address(), purse, by.value, by.valid_after, by.valid_before,
                              domain().set_policy_digest(it, nonce)}));
        return by;
    }

    Task<Carried<PurseDone>> fund(std::uint64_t nonce = 0) {
        const PursePolicy it = policy();
        const PurseFunding by = funding(it, nonce);
        co_return co_await relay->purses().fund(buyer.address(), it, by);
    }

    payment::ChannelConfig purse_channel(unsigned lane = 0) const {
        return payment::purse_channel(purse, session.address(), receiver, authorizer.address(),
                                      usd.address, lane);
    }

    Spend spend(std::uint64_t amount, std::uint64_t nonce, unsigned lane = 0) const {
        Spend it{purse_channel(lane), Amount(amount), 1, nonce, {}};
        const auto id = relay->channels().channel_id(it.config);
        it.signature =
            bytes_of(session.sign_typed_digest(domain().spend_digest(id, it.amount, it.nonce)));
        return it;
    }

    Task<Carried<PurseExit>> begin_exit(std::uint64_t nonce) {
        const ByteVector signature = by_owner(domain().exit_digest(nonce));
        co_return co_await relay->purses().begin_exit(buyer.address(), usd.address, signature);
    }

    Task<void> hours_pass() {
        boost::json::array seconds;
        seconds.emplace_back(7200);
        co_await rpc->get("evm_increaseTime", std::move(seconds));
        co_await rpc->get("evm_mine");
    }

    eth::Address receiver;
    eth::Address purse;
};

TEST(purses, one_signature_opens_funds_and_the_key_then_pays_without_the_wallet) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        const Amount before = co_await it.balance_of(it.buyer.address());
        const PursePolicy policy = it.policy();
        const PurseFunding funding = it.funding(policy, 0);
        auto& purses = it.relay->purses();
        const auto done = co_await purses.fund(it.buyer.address(), policy, funding);
        EXPECT_TRUE(done.has_value()) << done.error().detail << done.error().revert;
        EXPECT_EQ(done->purse, it.purse);
        EXPECT_EQ(done->balance, Amount(kFunds));
        const Amount after = co_await it.balance_of(it.buyer.address());
        EXPECT_EQ(before - after, Amount(kFunds));
        const auto again = co_await purses.fund(it.buyer.address(), policy, funding);
        EXPECT_EQ(again->transaction, done->transaction);
        EXPECT_EQ(co_await it.relay->free_left(it.buyer.address()), 19U);

        const Spend spend = it.spend(1'000'000, 0);
        const auto opened = co_await purses.spend(spend);
        EXPECT_TRUE(opened.has_value()) << opened.error().detail << opened.error().revert;
        EXPECT_EQ(opened->balance, Amount(1'000'000));
        const auto same = co_await purses.spend(spend);
        EXPECT_EQ(same->transaction, opened->transaction);
        const auto more = co_await purses.spend(it.spend(500'000, 1));
        EXPECT_EQ(more->balance, Amount(1'500'000));
        EXPECT_EQ(co_await it.relay->free_left(it.buyer.address()), 17U);
        EXPECT_EQ(co_await it.relay->free_left(it.purse), 20U);

        const auto state =
            co_await purses.reader().state(it.buyer.address(), it.usd.address, policy.key);
        EXPECT_TRUE(state.exists);
        EXPECT_EQ(state.balance, Amount(kFunds - 1'500'000));
        EXPECT_EQ(state.key->spends, 2U);
        EXPECT_EQ(state.key->left, Amount(kFunds - 1'500'000));
    });
}

TEST(purses, what_is_not_signed_by_the_owner_or_not_in_time_is_not_carried) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        auto& purses = it.relay->purses();
        const auto owner = it.buyer.address();
        PursePolicy policy = it.policy();
        const PurseFunding funding = it.funding(policy, 0);
        policy.cap = Amount(kFunds + 1);
        EXPECT_EQ((co_await purses.fund(owner, policy, funding)).error().why,
                  RelayError::bad_signature);
        policy.cap = Amount(U256{1} << 96);
        EXPECT_EQ((co_await purses.fund(owner, policy, funding)).error().why,
                  RelayError::malformed);
        policy = it.policy();
        policy.expires = it.now();
        const PurseFunding late = it.funding(policy, 0);
        EXPECT_EQ((co_await purses.fund(owner, policy, late)).error().why, RelayError::expired);
        policy = it.policy();
        policy.token = it.purse;
        EXPECT_EQ((co_await purses.fund(owner, policy, funding)).error().why,
                  RelayError::wrong_chain);
        const ByteVector none;
        EXPECT_EQ((co_await purses.revoke(owner, it.usd.address, policy.key, none)).error().why,
                  RelayError::no_purse);
        EXPECT_EQ(co_await chain::nonce(*it.rpc, it.operator_key.address()), 0U);
        EXPECT_EQ(co_await it.relay->free_left(owner), 20U);
    });
}

TEST(purses, a_deposit_out_of_a_purse_is_checked_before_the_chain_is_asked) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        auto& purses = it.relay->purses();
        Spend early = it.spend(1'000'000, 0);
        EXPECT_EQ((co_await purses.spend(early)).error().why, RelayError::no_purse);
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        Spend forged = it.spend(1'000'000, 0);
        forged.amount = Amount(1'000'001);
        EXPECT_EQ((co_await purses.spend(forged)).error().why, RelayError::bad_signature);
        Spend salted = it.spend(1'000'000, 0);
        salted.config.salt = eth::word(std::uint64_t{payment::kPurseLanes});
        EXPECT_EQ((co_await purses.spend(salted)).error().why, RelayError::malformed);
        const Spend ahead = it.spend(1'000'000, 7);
        const auto stale = co_await purses.spend(ahead);
        EXPECT_EQ(stale.error().why, RelayError::stale_nonce);
        EXPECT_EQ(stale.error().revert, "BadSpendNonce");
        const Spend large = it.spend(kFunds + 1, 0);
        EXPECT_EQ((co_await purses.spend(large)).error().revert, "CapExceeded");
        // The short form of the same signature is as good.
        Spend brief = it.spend(1'000'000, 0);
        const bool high = brief.signature.back() == 28;
        brief.signature.pop_back();
        if (high) brief.signature[32] |= 0x80;
        EXPECT_TRUE((co_await purses.spend(brief)).has_value());
    });
}

TEST(purses, a_policy_replaces_the_former_and_a_revocation_ends_the_key) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        auto& purses = it.relay->purses();
        const auto owner = it.buyer.address();
        const auto token = it.usd.address;
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        const PursePolicy less = it.policy(600'000);
        const ByteVector old = it.by_owner(it.domain().set_policy_digest(less, 0));
        EXPECT_EQ((co_await purses.set_policy(owner, less, old)).error().why,
                  RelayError::stale_nonce);
        const ByteVector right = it.by_owner(it.domain().set_policy_digest(less, 1));
        const auto set = co_await purses.set_policy(owner, less, right);
        EXPECT_TRUE(set.has_value()) << set.error().detail;
        const auto again = co_await purses.set_policy(owner, less, right);
        EXPECT_EQ(again->transaction, set->transaction);
        const Spend spend = it.spend(1'000'000, 0);
        EXPECT_EQ((co_await purses.spend(spend)).error().revert, "CapExceeded");

        const ByteVector end = it.by_owner(it.domain().revoke_digest(less.key, 2));
        const auto revoked = co_await purses.revoke(owner, token, less.key, end);
        EXPECT_TRUE(revoked.has_value()) << revoked.error().detail;
        const auto twice = co_await purses.revoke(owner, token, less.key, end);
        EXPECT_EQ(twice->transaction, revoked->transaction);
        const Spend dead = it.spend(100'000, 0);
        EXPECT_EQ((co_await purses.spend(dead)).error().revert, "KeyNotValid");
    });
}

TEST(purses, an_exit_brings_all_home_and_goes_on_where_it_stopped) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        auto& purses = it.relay->purses();
        const Amount before = co_await it.balance_of(it.buyer.address());
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        const auto opened = co_await purses.spend(it.spend(1'000'000, 0));
        EXPECT_TRUE(opened.has_value());
        EXPECT_EQ((co_await it.begin_exit(0)).error().why, RelayError::stale_nonce);
        EXPECT_EQ((co_await it.begin_exit(5)).error().why, RelayError::bad_signature);

        const auto begun = co_await it.begin_exit(1);
        EXPECT_TRUE(begun.has_value()) << begun.error().detail;
        // Another process, which knows nothing but what is on disk.
        it.open();
        const auto resumed = co_await it.begin_exit(1);
        EXPECT_EQ(resumed->inclusion->transaction, begun->inclusion->transaction);
        const std::vector<payment::ChannelConfig> rest(1, it.purse_channel());
        const auto closed = co_await it.relay->purses().finish_exit(*resumed, rest);
        EXPECT_TRUE(closed.has_value()) << closed.error().detail;
        EXPECT_EQ(closed->amount, Amount(kFunds - 1'000'000));
        EXPECT_EQ(closed->waiting, std::vector<Hash256>{opened->channel_id});
        const auto idle = co_await it.relay->purses().finish_exit(*resumed, rest);
        EXPECT_EQ(idle->inclusion->transaction, closed->inclusion->transaction);
        EXPECT_EQ(idle->amount, closed->amount);

        co_await it.hours_pass();
        const auto last = co_await it.begin_exit(1);
        const auto done = co_await it.relay->purses().finish_exit(*last, rest);
        EXPECT_TRUE(done.has_value()) << done.error().detail;
        EXPECT_EQ(done->amount, Amount(kFunds));
        EXPECT_TRUE(done->waiting.empty());
        const Amount after = co_await it.balance_of(it.buyer.address());
        EXPECT_EQ(after, before);
    });
}

TEST(purses, a_key_deposits_on_every_lane_and_an_exit_empties_all) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        const Amount before = co_await it.balance_of(it.buyer.address());
        PursePolicy policy = it.policy();
        policy.cap_per_service = Amount(4'000'000);
        const PurseFunding funding = it.funding(policy, 0);
        auto& purses = it.relay->purses();
        const auto funded = co_await purses.fund(it.buyer.address(), policy, funding);
        EXPECT_TRUE(funded.has_value()) << funded.error().detail;
        std::vector<payment::ChannelConfig> rest;
        std::vector<Hash256> ids;
        for (unsigned lane = 0; lane < payment::kPurseLanes; ++lane) {
            const auto opened = co_await purses.spend(it.spend(1'000'000, lane, lane));
            EXPECT_TRUE(opened.has_value()) << opened.error().detail << opened.error().revert;
            EXPECT_EQ(opened->balance, Amount(1'000'000));
            rest.push_back(it.purse_channel(lane));
            ids.push_back(opened->channel_id);
        }
        const auto above = co_await purses.spend(it.spend(50'000, 4, 2));
        EXPECT_EQ(above.error().why, RelayError::would_revert);
        EXPECT_EQ(above.error().revert, "ServiceCapExceeded");

        const auto begun = co_await it.begin_exit(1);
        EXPECT_TRUE(begun.has_value()) << begun.error().detail;
        const auto closed = co_await purses.finish_exit(*begun, rest);
        EXPECT_EQ(closed->waiting, ids);
        co_await it.hours_pass();
        const auto done = co_await purses.finish_exit(*begun, rest);
        EXPECT_EQ(done->amount, Amount(kFunds));
        EXPECT_TRUE(done->waiting.empty());
        const Amount after = co_await it.balance_of(it.buyer.address());
        EXPECT_EQ(after, before);
    });
}

TEST(purses, what_was_opened_keeps_nobody_from_leaving) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.config.limits.free_per_day = 2;
    it.open();
    it.loop.run([&]() -> Task<void> {
        auto& purses = it.relay->purses();
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        const auto opened = co_await purses.spend(it.spend(1'000'000, 0));
        EXPECT_TRUE(opened.has_value());
        EXPECT_EQ((co_await purses.spend(it.spend(1, 1))).error().why, RelayError::quota);
        const auto begun = co_await it.begin_exit(1);
        EXPECT_TRUE(begun.has_value()) << begun.error().detail;
        const std::vector<payment::ChannelConfig> rest(1, it.purse_channel());
        const auto closed = co_await purses.finish_exit(*begun, rest);
        EXPECT_TRUE(closed.has_value()) << closed.error().detail;
        EXPECT_EQ(closed->amount, Amount(kFunds - 1'000'000));
    });
}

TEST(purses, a_new_policy_ends_an_exit_and_voids_its_signature) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        const auto begun = co_await it.begin_exit(1);
        EXPECT_TRUE(begun.has_value());
        const auto refilled = co_await it.fund(2);
        EXPECT_TRUE(refilled.has_value()) << refilled.error().detail;
        EXPECT_EQ(refilled->balance, Amount(2 * kFunds));
        EXPECT_FALSE((co_await it.begin_exit(1)).has_value());
    });
}

TEST(purses, the_owner_takes_one_channel_back_into_the_purse) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        const auto funded = co_await it.fund();
        EXPECT_TRUE(funded.has_value());
        const auto opened = co_await it.relay->purses().spend(it.spend(1'000'000, 0));
        EXPECT_TRUE(opened.has_value());
        Exit exit;
        exit.config = it.purse_channel();
        exit.request = {opened->channel_id, Amount{}, 0, it.now() + 600};
        exit.state = {Amount(1'000'000), Amount{}, Amount{}};
        const auto digest = it.relay->channels().refund_request_digest(exit.request);
        exit.signature = World::bytes_of(it.session.sign_typed_digest(digest));
        EXPECT_EQ((co_await it.relay->exit(exit)).error().why, RelayError::bad_signature);
        exit.signature = it.by_owner(digest);
        const auto left = co_await it.relay->exit(exit);
        EXPECT_TRUE(left.has_value()) << left.error().detail;
        const Amount back = co_await it.balance_of(it.purse);
        EXPECT_EQ(back, Amount(kFunds));
        EXPECT_EQ(co_await it.relay->free_left(it.buyer.address()), 17U);
    });
}

TEST(purses, a_wallet_that_is_a_contract_owns_one_by_its_owners_signature) {
    NEEDS_GENESIS();
    PurseWorld it;
    it.loop.run([&]() -> Task<void> {
        const chain::testing::SmartAccount wallet(it.buyer.address());
        co_await wallet.deploy(*it.rpc);
        static const eth::abi::Function kTransfer("transfer(address,uint256) returns (bool)");
        const List gift{wallet.address, kFunds};
        co_await it.transact(1, it.usd.address, kTransfer.encode(gift));
        auto& purses = it.relay->purses();
        it.purse = purses.reader().purse_of(wallet.address, it.usd.address);
        const PursePolicy policy = it.policy();
        PurseFunding by{Amount(kFunds), 0, it.now() + 600, {}};
        by.signature = it.by_owner(payment::receive_authorization_digest(
            it.usd_separator(), {wallet.address, it.purse, by.value, by.valid_after,
                                 by.valid_before, it.domain().set_policy_digest(policy, 0)}));
        const auto funded = co_await purses.fund(wallet.address, policy, by);
        EXPECT_TRUE(funded.has_value()) << funded.error().detail << funded.error().revert;
        const ByteVector signature = it.by_owner(it.domain().exit_digest(1));
        const auto begun = co_await purses.begin_exit(wallet.address, it.usd.address, signature);
        EXPECT_TRUE(begun.has_value()) << begun.error().detail;
        const std::vector<payment::ChannelConfig> none;
        const auto closed = co_await purses.finish_exit(*begun, none);
        EXPECT_EQ(closed->amount, Amount(kFunds));
        const Amount back = co_await it.balance_of(wallet.address);
        EXPECT_EQ(back, Amount(kFunds));
    });
}

}  // namespace
}  // namespace stoa::relay
