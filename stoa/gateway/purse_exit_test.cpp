// How a purse is left while a fork could still undo what paid for its calls.
#include "stoa/chain/contract.hpp"
#include "stoa/gateway/chain_fixture_test.hpp"
#include "stoa/gateway/relay_routes.hpp"

namespace stoa::gateway::testing {
namespace {

using eth::abi::Value;
using List = std::vector<Value>;

constexpr std::uint64_t kFunds = 10'000'000;

class PurseExitTest : public ChainTest {
  protected:
    void SetUp() override {
        ChainTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        run_all(offer_service());
        relay::RelayConfig config;
        config.limits.gas_budget_wei = boost::multiprecision::pow(U256(10), 18);
        relayed = std::make_unique<db::Database>(folder.path() / "relay.sqlite");
        relay = std::make_unique<relay::Relay>(bent, *sender, *relayed, authorizer, deployment,
                                               clock, config);
        limits = std::make_unique<LimitsDesk>(*ledger, bent, domain, clock);
        listed = std::make_unique<catalogue::Catalogue>(*tables, deployment);
        relay_routes =
            std::make_unique<RelayRoutes>(RelayParts{*relay, *ledger, *mirror, *settler, deployment,
                                                     *listed, served, clock, *limits, [] {}});
        relay_routes->add_to(*router);
        purse = relay->purses().reader().purse_of(payer.address(), token);
        spender.config =
            payment::purse_channel(purse, session.address(), receiver, authorizer.address(), token);
        spender.id = domain.channel_id(spender.config);
    }
    void TearDown() override {
        relay_routes.reset();
        listed.reset();
        relay.reset();
        relayed.reset();
        ChainTest::TearDown();
    }

    /// The contract pays out of purses to registered services alone.
    Task<void> offer_service() {
        const auto abi = chain::Abi::read_folder(ledger::kSource / "contracts/abi");
        const auto provider = authorizer.address();
        const List version{1,
                           eth::word(std::uint64_t{2}),
                           eth::word(std::uint64_t{3}),
                           "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
                           false,
                           0};
        const List royalty{0, eth::kZeroAddress, 0, 0};
        const List model{
            "tiny", version, List{}, List{}, royalty, 0, deployment.contract("Market")};
        const List registration{Value(model)};
        co_await transact(provider, deployment.contract("ModelRegistry"),
                          abi.function("register").encode(registration));
        const List price{token, 10, 1'000'000, 2'000'000};
        const List prices{Value(price)};
        const List service{1, 1,     "http://localhost:1/v1", prices, provider, eth::kZeroAddress,
                           0, 86'400};
        const List offer{Value(service)};
        const auto services = deployment.contract("Services");
        co_await transact(provider, services, abi.function("offerService").encode(offer));
        const List first{1};
        const auto found =
            co_await chain::must_read(*rpc, services, abi.function("receiverOf"), first);
        receiver = found.front().as_address();
        ServiceTerms& terms = *served.all().front()->service;
        terms.receiver = receiver;
        served.remember(terms);
    }

    payment::PurseDomain purse_domain() const { return {ledger::kTestChain, purse}; }
    static ByteVector bytes_of(const eth::Signature& it) {
        return {it.bytes.begin(), it.bytes.end()};
    }

    Task<void> fund_purse() {
        payment::PursePolicy policy;
        policy.key = session.address();
        policy.token = token;
        policy.cap = policy.cap_per_day = policy.cap_per_service = Amount{kFunds};
        policy.expires = static_cast<std::uint64_t>(unix_seconds(clock.now())) + 86'400;
        relay::PurseFunding by{Amount{kFunds}, 0, 4'000'000'000, {}};
        const Hash256 separator =
            eth::domain_separator({"Test USD", "1", U256{ledger::kTestChain}, token});
        by.signature = bytes_of(payer.sign_typed_digest(payment::receive_authorization_digest(
            separator, {payer.address(), purse, by.value, by.valid_after, by.valid_before,
                        purse_domain().set_policy_digest(policy, 0)})));
        const auto done = co_await relay->purses().fund(payer.address(), policy, by);
        EXPECT_TRUE(done) << done.error().detail << done.error().revert;
    }

    Task<void> spend(std::uint64_t amount, std::uint64_t nonce) {
        relay::Spend it{spender.config, Amount{amount}, 1, nonce, {}};
        it.signature = bytes_of(session.sign_typed_digest(
            purse_domain().spend_digest(spender.id, it.amount, it.nonce)));
        const auto done = co_await relay->purses().spend(it);
        EXPECT_TRUE(done) << done.error().detail << done.error().revert;
        if (known(spender)) co_await mirror->refresh(spender.id);
    }

    Task<json::object> exit() {
        const auto signature = payer.sign_typed_digest(purse_domain().exit_digest(1));
        io::Request request;
        request.method = io::Method::post;
        request.target = request.path = "/api/relay";
        request.remote = "127.0.0.1";
        request.headers.set("Host", "localhost:1");
        request.body = json::serialize(json::object{{"kind", "purse_exit"},
                                                    {"owner", eth::to_checksum(payer.address())},
                                                    {"token", eth::to_checksum(token)},
                                                    {"signature", to_hex(signature)},
                                                    {"configs", json::array()}});
        const io::Response response = co_await router->handle(request);
        const auto* text = std::get_if<std::string>(&response.body);
        EXPECT_EQ(response.status, 200U) << (text ? *text : "");
        co_return json::parse(text ? *text : "{}").as_object();
    }

    std::unique_ptr<db::Database> relayed;
    std::unique_ptr<relay::Relay> relay;
    std::unique_ptr<LimitsDesk> limits;
    std::unique_ptr<catalogue::Catalogue> listed;
    std::unique_ptr<RelayRoutes> relay_routes;
    eth::Address purse;
    Buyer spender{ledger::anvil_account(1), ledger::anvil_account(2), {}, {}};
};

TEST_F(PurseExitTest, LeavesAChannelWhoseDepositIsNotSafeUntilItIsAndTheSameRequestEndsIt) {
    const auto story = [&]() -> Task<void> {
        const Amount before = co_await mirror->reader().token_balance(token, payer.address());
        co_await fund_purse();
        co_await spend(1'000, 0);
        co_await mine(slots + 1);
        for (int calls = 0; calls < 20; ++calls) {
            const unsigned status = co_await call(spender);
            EXPECT_EQ(status, 200U);
        }
        EXPECT_GT(charged(spender), credit);
        co_await spend(5'000, 1);
        EXPECT_EQ(known(spender)->chain.balance, Amount{6'000});
        EXPECT_EQ(known(spender)->chain.safe_balance, Amount{1'000});

        const auto early = co_await exit();
        EXPECT_EQ(early.at("waiting"), json::array({to_hex(spender.id)}));
        EXPECT_EQ(early.at("amount"), json::string(to_decimal(Amount{kFunds - 6'000})));
        co_await mirror->refresh(spender.id);
        EXPECT_EQ(known(spender)->chain.balance, Amount{6'000}) << "a fork could take 5,000 of it";
        EXPECT_EQ(known(spender)->chain.withdraw_requested_at, 0)
            << "it comes home sooner than a withdrawal could";
        const auto same = co_await exit();
        EXPECT_EQ(same.at("waiting"), early.at("waiting"));

        co_await mine(slots + 1);
        const auto done = co_await exit();
        EXPECT_EQ(done.at("waiting"), json::array());
        EXPECT_EQ(done.at("amount"), json::string(to_decimal(Amount{kFunds} - charged(spender))));
        const Amount after = co_await mirror->reader().token_balance(token, payer.address());
        EXPECT_EQ(before - after, charged(spender));
        EXPECT_EQ(known(spender)->chain.claimed, charged(spender));
        EXPECT_EQ(known(spender)->chain.balance, charged(spender));
    };
    run_all(story());
}

}  // namespace
}  // namespace stoa::gateway::testing
