#pragma once

#include <gmock/gmock.h>

#include "stoa/chain/smart_account_test.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::relay {

using namespace std::chrono_literals;
using chain::testing::kChainId;
using eth::abi::Value;
using List = std::vector<Value>;

inline const std::filesystem::path kRoot = STOA_SOURCE_DIR;
inline const std::filesystem::path kGenesis = kRoot / "build/genesis/1337.json";
inline const std::filesystem::path kDeployment = kRoot / "deployments/1337.json";

#define NEEDS_GENESIS() \
    STOA_NEEDS_ANVIL(); \
    STOA_NEEDS_FILE(kGenesis, "run npm run genesis in contracts/")

inline chain::Deployment deployment_here() {
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
        const List sold{1, 0, 0, 0, 1, 31, 0, 0, false, false, terms};
        const List offer{prices, 0, 0, 0, sold};
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

}  // namespace stoa::relay
