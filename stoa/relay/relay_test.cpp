#include "stoa/relay/relay.hpp"

#include <gmock/gmock.h>

#include "stoa/chain/smart_account_test.hpp"

namespace stoa::relay {
namespace {

using namespace std::chrono_literals;
using chain::testing::kChainId;
using eth::abi::Value;
using List = std::vector<Value>;

const std::filesystem::path kRoot = STOA_SOURCE_DIR;
const std::filesystem::path kGenesis = kRoot / "build/genesis/1337.json";
const std::filesystem::path kDeployment = kRoot / "deployments/1337.json";

#define NEEDS_GENESIS() \
    STOA_NEEDS_ANVIL(); \
    STOA_NEEDS_FILE(kGenesis, "run npm run genesis in contracts/")

chain::Deployment deployment_here() {
    auto deployment = chain::read_deployment(kDeployment);
    deployment.chain_id = kChainId;
    return deployment;
}

/// The contracts on an anvil of another chain id, an offer at 5 TestUSD, and a relay.
struct World {
    World() : anvil({"--load-state", kGenesis.string()}) {
        config.limits.gas_budget_wei = boost::multiprecision::pow(U256(10), 18);
        sender_config.poll = 5ms;
        sender_config.errors =
            std::make_shared<chain::Abi>(chain::Abi::read_folder(kRoot / "contracts/abi"));
        loop.run([this]() -> Task<void> {
            rpc = co_await anvil.connect(loop);
            co_await publish();
        });
        sender = std::make_unique<chain::Sender>(*rpc, jobs, operator_key, clock, kChainId,
                                                 sender_config);
        open();
    }

    void open() {
        relay =
            std::make_unique<Relay>(*rpc, *sender, database, authorizer, deployment, clock, config);
    }

    Task<void> transact(std::size_t from, eth::Address to, ByteVector data) {
        const boost::json::object transaction{
            {"from", to_hex(chain::testing::signer(from).address().bytes)},
            {"to", to_hex(to.bytes)},
            {"data", to_hex(data)}};
        const auto answer =
            co_await rpc->get("eth_sendTransaction", chain::testing::list(transaction));
        const auto hash = chain::read_hash(answer);
        for (;;) {
            if (const auto found = co_await chain::receipt(*rpc, hash)) {
                EXPECT_TRUE(found->success);
                co_return;
            }
            co_await io::sleep_for(5ms);
        }
    }

    Task<void> publish() {
        const auto models = chain::Abi::read(kRoot / "contracts/abi/ModelRegistry.json");
        const auto market = chain::Abi::read(kRoot / "contracts/abi/Market.json");
        const List first{1,
                         eth::word(std::uint64_t{2}),
                         eth::word(std::uint64_t{3}),
                         "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
                         false,
                         0};
        const List royalty{0, eth::kZeroAddress, 0, 0};
        const List model{"tiny", first, List{}, List{}, royalty, 0, deployment.contract("Market")};
        const List call{Value(model)};
        co_await transact(3, deployment.contract("ModelRegistry"),
                          models.function("register").encode(call));
        const List price{usd.address, 5'000'000, 5'000'000};
        const List prices{Value(price)};
        const List offer{1, 0, prices, 0, 0, 0, 0, 1, 31, 0, false, terms, 0};
        const List create{Value(offer)};
        co_await transact(3, deployment.contract("Market"),
                          market.function("createOffer").encode(create));
    }

    std::uint64_t now() const { return static_cast<std::uint64_t>(unix_seconds(clock.now())); }

    Order order(std::uint64_t salt, std::uint64_t fee = 0) const {
        Order it;
        it.offer = 1;
        it.terms_digest = terms;
        it.holder = buyer.address();
        it.n = 1;
        it.token = usd.address;
        it.max_price = Amount(5'000'000 + fee);
        it.deadline = now() + 600;
        it.relay_fee = Amount(fee);
        it.salt = eth::word(salt);
        return it;
    }

    static ByteVector bytes_of(const eth::Signature& signature) {
        return {signature.bytes.begin(), signature.bytes.end()};
    }

    Hash256 usd_separator() const {
        return eth::domain_separator({usd.name, usd.version, kChainId, usd.address});
    }

    Hash256 digest_of(const Order& it) const {
        return order_digest(eth::domain_separator(market_domain(kChainId, relay->market())), it);
    }

    SignedOrder signed_order(const Order& it) const {
        OrderAuthorization by{buyer.address(), 0, now() + 600, {}};
        by.signature = bytes_of(buyer.sign_typed_digest(payment::receive_authorization_digest(
            usd_separator(), {by.from, relay->market(), it.max_price, by.valid_after,
                              by.valid_before, digest_of(it)})));
        return {it, by};
    }

    payment::ChannelConfig channel() const {
        return {buyer.address(),
                session.address(),
                operator_key.address(),
                authorizer.address(),
                usd.address,
                3600,
                eth::word(std::uint64_t{77})};
    }

    SignedDeposit deposit(std::uint64_t units, std::uint64_t salt = 1) const {
        SignedDeposit it{channel(), Amount(units), 0, now() + 600, salt, {}};
        const auto nonce = payment::deposit_nonce(relay->channels().channel_id(it.config), it.salt);
        it.signature = bytes_of(buyer.sign_typed_digest(payment::receive_authorization_digest(
            usd_separator(), {it.config.payer, payment::kErc3009Collector, it.amount,
                              it.valid_after, it.valid_before, nonce})));
        return it;
    }

    Exit leaving(Amount balance, Amount charged, std::uint64_t nonce = 0) const {
        Exit it;
        it.config = channel();
        const auto id = relay->channels().channel_id(it.config);
        it.request = {id, Amount{}, nonce, now() + 600};
        it.signature =
            bytes_of(buyer.sign_typed_digest(relay->channels().refund_request_digest(it.request)));
        it.state = {balance, Amount{}, charged};
        if (charged.units > 0) {
            const Amount maximum = charged + Amount(10);
            it.earned = Earned{
                maximum, session.sign_typed_digest(relay->channels().voucher_digest({id, maximum})),
                charged};
        }
        return it;
    }

    Task<Amount> balance_of(eth::Address account) {
        static const eth::abi::Function kBalance("balanceOf(address) returns (uint256)");
        const List whose{account};
        const auto values = co_await chain::must_read(*rpc, usd.address, kBalance, whose);
        co_return values.front().as_amount();
    }

    chain::testing::Loop loop;
    chain::testing::Folder folder;
    chain::testing::Anvil anvil;
    chain::Deployment deployment = deployment_here();
    chain::Token usd = deployment.tokens.at(0);
    Hash256 terms = eth::word(std::uint64_t{9});
    keys::LocalSigner operator_key = chain::testing::signer(0);
    keys::LocalSigner authorizer = chain::testing::signer(3);
    keys::LocalSigner buyer = chain::testing::signer(1);
    keys::LocalSigner session = chain::testing::signer(2);
    io::SystemClock clock;
    RelayConfig config;
    chain::SenderConfig sender_config;
    std::unique_ptr<chain::HttpRpc> rpc;
    db::Database jobs{folder / "jobs"};
    db::Database database{folder / "relay"};
    std::unique_ptr<chain::Sender> sender;
    std::unique_ptr<Relay> relay;
};

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
