#include "stoa/gateway/chain_fixture_test.hpp"

#include "stoa/chain/contract.hpp"

namespace stoa::gateway::testing {
namespace {

const std::string kBody =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":20})";

constexpr std::chrono::milliseconds kLook{5};

json::array list(json::value value) {
    json::array it;
    it.emplace_back(std::move(value));
    return it;
}

}  // namespace

ChainTest::ChainTest() {
    slots = 64;
    credit = Amount{200};
    sender_config.poll = kLook;
    rounds = true;  // The test says when its sender looks.
}

chain::Rpc& ChainTest::endpoint() {
    bent.real = rpc.get();
    bent.slots = slots;
    return bent;
}

void ChainTest::sell() {
    ServedModel model;
    model.alias = "parrot";
    model.engine = engine;
    model.model = model.version = 1;
    model.title = "Parrot";
    ServiceTerms service;
    service.id = 1;
    service.receiver = receiver;
    service.receiver_authorizer = authorizer.address();
    service.token = token;
    service.price = {Amount{10}, Amount{1'000'000}, Amount{2'000'000}};
    model.service = service;
    served.add(std::move(model));
    served.remember(service);
}

void ChainTest::SetUp() {
    SettlerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    deployment = chain::read_deployment(ledger::kSource / "deployments/1337.json");
    deployment.chain_id = ledger::kTestChain;
    sell();
    tables = std::make_unique<db::Database>(folder.path() / "derived.sqlite");
    follower = std::make_unique<chain::Follower>(bent, *tables, pool, ledger::kTestChain,
                                                 std::vector<chain::LogSink*>{mirror.get()});
    router = std::make_unique<Router>(Site("http://localhost:1", 1), io::Log{}, metrics);
    desk = std::make_shared<PaidDesk>(PaidParts{
        loop.get_executor(), served, deployment, domain, *ledger, *mirror, *deposits, *settler,
        *sender, authorizer, clock, "http://localhost:1", io::Log{}, std::chrono::milliseconds(0)});
    routes = std::make_unique<PaidRoutes>(desk);
    routes->add_to(*router);
    // An anvil that was started from a dump knows no state before it.
    const auto begin = [&]() -> Task<void> {
        co_await mine(2 * slots);
        co_await follow();
    };
    run_all(begin());
}

void ChainTest::TearDown() {
    routes.reset();
    router.reset();
    desk.reset();
    follower.reset();
    tables.reset();
    SettlerTest::TearDown();
}

Buyer ChainTest::buyer(std::uint8_t number) const {
    Buyer it{signer(number), signer(static_cast<std::uint8_t>(number + 100)), {}, {}};
    it.config = {it.wallet.address(),
                 it.session.address(),
                 receiver,
                 authorizer.address(),
                 token,
                 kWithdrawDelay,
                 {}};
    it.id = domain.channel_id(it.config);
    return it;
}

Task<void> ChainTest::transact(eth::Address from, eth::Address to, ByteVector data) {
    const json::object transaction{
        {"from", to_hex(from.bytes)}, {"to", to_hex(to.bytes)}, {"data", to_hex(data)}};
    const auto answer = co_await rpc->get("eth_sendTransaction", list(transaction));
    const Hash256 hash = chain::read_hash(answer);
    for (;;) {
        if (const auto found = co_await chain::receipt(*rpc, hash)) {
            EXPECT_TRUE(found->success);
            co_return;
        }
        co_await io::sleep_for(kLook);
    }
}

Task<void> ChainTest::fund(eth::Address holder, std::uint64_t amount) {
    static const eth::abi::Function kTransfer{"transfer(address,uint256)"};
    const std::vector<eth::abi::Value> values{holder, amount};
    co_await transact(payer.address(), token, kTransfer.encode(values));
}

std::string ChainTest::payment(const Buyer& by, bool with_deposit) const {
    const PaidOffer offer = offer_of(*served.all().front(), deployment, Amount{kMost}, "");
    payment::VoucherPayload voucher;
    voucher.config = by.config;
    voucher.voucher = {by.id, charged(by) + Amount{kMost}};
    voucher.signature = by.session.sign_typed_digest(domain.voucher_digest(voucher.voucher));
    payment::PaymentPayload payment;
    payment.accepted = offer.channel;
    if (!with_deposit) {
        payment.payload = voucher;
        return payment::to_header(payment);
    }
    const ledger::SignedDeposit its = deposit_of(by);
    payment::DepositPayload deposit;
    static_cast<payment::VoucherPayload&>(deposit) = voucher;
    deposit.deposit = its.amount;
    deposit.valid_before = its.valid_before;
    deposit.salt = its.salt;
    deposit.authorization_signature = its.signature;
    payment.payload = deposit;
    return payment::to_header(payment);
}

ledger::SignedDeposit ChainTest::deposit_of(const Buyer& by) const {
    const Hash256 separator =
        eth::domain_separator({"Test USD", "1", U256{ledger::kTestChain}, token});
    const payment::TokenAuthorization a{by.wallet.address(), payment::kErc3009Collector,
                                        Amount{kDeposit},    0,
                                        4'000'000'000,       payment::deposit_nonce(by.id, 1)};
    const auto signature =
        by.wallet.sign_typed_digest(payment::receive_authorization_digest(separator, a));
    return {a.value, a.valid_after, a.valid_before, 1,
            ByteVector(signature.bytes.begin(), signature.bytes.end())};
}

Task<unsigned> ChainTest::call(const Buyer& by, bool with_deposit) {
    io::Request request;
    request.method = io::Method::post;
    request.target = request.path = "/v1/chat/completions";
    request.remote = "127.0.0.1";
    request.headers.set("Host", "localhost:1");
    request.headers.set(payment::kPaymentSignatureHeader, payment(by, with_deposit));
    request.body = kBody;
    const io::Response response = co_await router->handle(request);
    co_return response.status;
}

Task<void> ChainTest::call_until_refused(const Buyer& by) {
    unsigned status = 200;
    while (status == 200) status = co_await call(by);
    EXPECT_EQ(status, 402U);
}

Task<std::uint64_t> ChainTest::head() {
    const auto found = co_await chain::header(*rpc, chain::Tag::latest);
    co_return found->id.number;
}

Task<void> ChainTest::take_back(json::value to) {
    co_await rpc->get("evm_revert", list(std::move(to)));
}

Task<void> ChainTest::follow() {
    bool is_behind = true;
    while (is_behind) is_behind = co_await follower->step();
}

Task<void> ChainTest::reaches(const Buyer& by, std::uint64_t balance) {
    for (int tries = 0; tries < 1'000 && known(by)->chain.balance != Amount{balance}; ++tries) {
        co_await io::sleep_for(kLook);
    }
    // Throws with the reason, where there is one.
    if (known(by)->chain.balance != Amount{balance}) co_await mirror->refresh(by.id);
    EXPECT_EQ(known(by)->chain.balance, Amount{balance});
}

}  // namespace stoa::gateway::testing
