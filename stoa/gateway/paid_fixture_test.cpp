#include "stoa/gateway/paid_fixture_test.hpp"

#include "stoa/payment/x402.hpp"

namespace stoa::gateway::testing {
namespace {

eth::Address account(std::uint8_t number) {
    eth::Address address;
    address.bytes.fill(number);
    return address;
}

}  // namespace

PaidTest::PaidTest() {
    std::string name = std::filesystem::temp_directory_path() / "stoa-paid-XXXXXX";
    folder = ::mkdtemp(name.data());
    deployment.chain_id = kChain;
    deployment.tokens.push_back({"TUSD", "Test USD", "1", account(5), 6, true, true});

    ServedModel model;
    model.alias = "parrot";
    model.engine = engine;
    model.model = 1;
    model.version = 1;
    model.title = "Parrot";
    ServiceTerms service;
    service.id = 3;
    service.receiver = account(3);
    service.receiver_authorizer = authorizer.address();
    service.token = account(5);
    service.price = {Amount{10}, Amount{1'000'000}, Amount{2'000'000}};
    model.service = service;
    served.add(std::move(model));
    served.remember(service);

    config = {account(1), signer(2).address(), account(3), authorizer.address(), account(5), 3600,
              {}};
    channel = channels.channel_id(config);

    const auto executor = loop.get_executor();
    database = std::make_unique<db::Database>(folder / "operator.sqlite");
    ledger::LedgerConfig ledger_config;
    ledger_config.file = folder / "ledger.sqlite";
    ledger = std::make_unique<ledger::Ledger>(executor, clock, ledger_config, nullptr);
    mirror = std::make_unique<ledger::Mirror>(executor, *ledger, ledger::ChannelReader(still));
    sender = std::make_unique<chain::Sender>(still, *database, operator_key, clock, kChain);
    deposits = std::make_unique<ledger::Deposits>(*ledger, *mirror, *sender, channels);
    settler = std::make_unique<ledger::Settler>(*ledger, *mirror, *sender, authorizer, channels,
                                                clock, executor);
    router = std::make_unique<Router>(Site("http://localhost:1", 1), io::Log{}, metrics);
    desk = std::make_shared<PaidDesk>(PaidParts{
        executor, served, deployment, channels, *ledger, *mirror, *deposits, *settler, *sender,
        authorizer, clock, "http://localhost:1", io::Log{}, std::chrono::milliseconds(0)});
    routes = std::make_unique<PaidRoutes>(desk);
    routes->add_to(*router);
}

PaidTest::~PaidTest() {
    routes.reset();
    router.reset();
    desk.reset();
    sender.reset();
    ledger.reset();
    database.reset();
    std::filesystem::remove_all(folder);
}

io::Response PaidTest::send(io::Method method, std::string body, std::string payment) {
    io::Request request;
    request.method = method;
    request.target = request.path = path;
    request.remote = "127.0.0.1";
    request.headers.set("Host", "localhost:1");
    if (!payment.empty()) request.headers.set(payment::kPaymentSignatureHeader, payment);
    if (!stoa_stream.empty()) request.headers.set("Stoa-Stream", stoa_stream);
    request.body = std::move(body);
    const auto work = [this](io::Request& it) -> Task<io::Response> {
        io::Response response = co_await router->handle(it);
        if (auto* stream = std::get_if<io::Stream>(&response.body)) co_await (*stream)(writer);
        co_return response;
    };
    return run(work(request));
}

payment::PaymentRequired PaidTest::asked(const io::Response& response) const {
    EXPECT_EQ(response.status, 402U) << text_of(response);
    return payment::parse_payment_required_header(
               response.headers.get(payment::kPaymentRequiredHeader).value_or(""))
        .value();
}

payment::SettlementResponse PaidTest::paid(const io::Response& response) const {
    EXPECT_EQ(response.status, 200U) << text_of(response);
    return payment::parse_settlement_response_header(
               response.headers.get(payment::kPaymentResponseHeader).value_or(""))
        .value();
}

std::string PaidTest::voucher(std::uint64_t total, std::uint64_t amount,
                              std::uint8_t session) const {
    PaidOffer offer = offer_of(*served.all().front(), deployment, Amount{amount}, "");
    payment::VoucherPayload payload;
    payload.config = config;
    payload.voucher = {channel, Amount{total}};
    payload.signature = signer(session).sign_typed_digest(channels.voucher_digest(payload.voucher));
    payment::PaymentPayload payment;
    payment.accepted = offer.channel;
    payment.payload = payload;
    return payment::to_header(payment);
}

std::string PaidTest::refund(std::uint64_t total) const {
    PaidOffer offer = offer_of(*served.all().front(), deployment, Amount{1}, "");
    payment::RefundPayload payload;
    payload.config = config;
    payload.voucher = {channel, Amount{total}};
    payload.signature = signer(2).sign_typed_digest(channels.voucher_digest(payload.voucher));
    payment::PaymentPayload payment;
    payment.accepted = offer.channel;
    payment.payload = payload;
    return payment::to_header(payment);
}

std::uint64_t PaidTest::charged() const {
    const ledger::Channel* it = ledger->book().find(channel);
    EXPECT_TRUE(!it || !it->reservation) << "nothing stays reserved";
    return it ? static_cast<std::uint64_t>(it->charged.units) : 0;
}

std::string PaidTest::text_of(const io::Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    if (const auto* shared = std::get_if<io::SharedBody>(&response.body)) return **shared;
    return {};
}

}  // namespace stoa::gateway::testing
