#include "bench/shop.hpp"

#include <pthread.h>
#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/json.hpp>

#include "stoa/gateway/paid_desk.hpp"
#include "stoa/gateway/paid_offer.hpp"

namespace stoa::bench {
namespace {

using namespace stoa::gateway;

constexpr std::uint64_t kDeposit = 1'000'000'000;

eth::Address account(std::uint8_t number) {
    eth::Address address;
    address.bytes.fill(number);
    return address;
}

keys::LocalSigner signer(std::uint64_t number) {
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return keys::LocalSigner(keys::Secret::from_bytes(bytes).value());
}

/// Nothing on the path of a paid call asks it.
class NoChain final : public chain::Rpc {
  public:
    Task<std::vector<chain::RpcResult<boost::json::value>>> batch(
        std::vector<chain::RpcCall>) override {
        throw chain::RpcFailure("there is no chain here");
        co_return std::vector<chain::RpcResult<boost::json::value>>{};
    }
};

class TrivialEngine final : public inference::Engine {
  public:
    TrivialEngine() {
        info_.context = 1000;
        info_.max_output = 100;
        info_.chat = true;
        info_.template_bytes = 10;
        info_.template_message_bytes = 5;
    }

    bool ready() const override { return true; }
    const inference::EngineInfo& info() const override { return info_; }
    const inference::TensorSignature& signature() const override { return signature_; }
    Task<Result<std::uint32_t>> count_tokens(inference::Prompt) override {
        co_return std::uint32_t{7};
    }
    Task<Result<inference::Outcome>> generate(inference::GenerateRequest,
                                              inference::Sink& sink) override {
        std::vector<inference::TokenId> prompt(7);
        co_await sink.on_prompt(std::move(prompt));
        inference::Outcome outcome;
        outcome.input_tokens = 7;
        for (const char* text : {"Hello", " and", " bye"}) {
            inference::Piece piece;
            piece.text = text;
            piece.tokens.resize(1);
            const bool goes_on = co_await sink.on_piece(std::move(piece));
            if (!goes_on) break;
            ++outcome.output_tokens;
        }
        co_return outcome;
    }
    Task<Result<inference::Embeddings>> embed(std::vector<std::string>) override {
        co_return fail(inference::InferenceError::not_offered);
    }
    Task<Result<inference::Tensors>> infer(inference::Tensors) override {
        co_return fail(inference::InferenceError::not_offered);
    }

  private:
    inference::EngineInfo info_;
    inference::TensorSignature signature_;
};

}  // namespace

std::shared_ptr<inference::Engine> trivial_engine() {
    return std::make_shared<TrivialEngine>();
}

Folder::Folder() {
    std::string name = std::filesystem::temp_directory_path() / "stoa-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

struct Shop::Parts {
    io::SystemClock clock;
    NoChain chain;
    io::Metrics metrics;
    keys::LocalSigner sender_key = signer(8);
    keys::LocalSigner authorizer = signer(9);
    ServedModels served;
    chain::Deployment deployment;
    payment::ChannelDomain channels{Shop::kChain};
    db::Database database;
    ledger::Ledger ledger;
    ledger::Mirror mirror;
    chain::Sender sender;
    ledger::Deposits deposits;
    ledger::Settler settler;
    std::unique_ptr<Router> router;
    std::unique_ptr<PaidRoutes> routes;
    io::Server server;

    Parts(const boost::asio::any_io_executor& executor, const std::filesystem::path& folder)
        : database(folder / "operator.sqlite"),
          ledger(executor, clock, {.file = folder / "ledger.sqlite"}, nullptr),
          mirror(executor, ledger, ledger::ChannelReader(chain)),
          sender(chain, database, sender_key, clock, Shop::kChain),
          deposits(ledger, mirror, sender, channels),
          settler(ledger, mirror, sender, authorizer, channels, clock, executor),
          server(
              executor, [this](io::Request& request) { return router->handle(request); },
              limits()) {
        deployment.chain_id = Shop::kChain;
        deployment.tokens.push_back({"TestUSD", "Test USD", "1", account(5), 6, true, true});
    }

    io::ServerLimits limits() {
        io::ServerLimits limits;
        limits.body_bytes_of = [this](const io::Request& request) {
            return router->body_bytes_of(request);
        };
        return limits;
    }

    void sell(std::shared_ptr<inference::Engine> engine) {
        ServedModel model;
        model.alias = "parrot";
        model.engine = std::move(engine);
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
    }

    void open_routes(const boost::asio::any_io_executor& executor, unsigned short port) {
        const std::string url = "http://localhost:" + std::to_string(port);
        router = std::make_unique<Router>(Site(url, port), io::Log{}, metrics);
        routes = std::make_unique<PaidRoutes>(std::make_shared<PaidDesk>(
            PaidParts{executor, served, deployment, channels, ledger, mirror, deposits, settler,
                      sender, authorizer, clock, url}));
        routes->add_to(*router);
    }
};

Shop::Shop(std::size_t channels, const MakeEngine& make)
    : channels_(channels),
      engine_(make(loop_.get_executor())),
      parts_(std::make_unique<Parts>(loop_.get_executor(), folder_.path())) {
    parts_->sell(engine_);
    port_ = parts_->server.listen("127.0.0.1", 0);
    parts_->open_routes(loop_.get_executor(), port_);
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "shop");  // Profilers tell it from the load.
        const auto work = boost::asio::make_work_guard(loop_);
        loop_.run();
    });
}

Shop::~Shop() {
    loop_.stop();
    thread_.join();
    parts_.reset();
}

Task<bool> Shop::fill() {
    for (std::size_t i = 0; i < channels_; ++i) {
        ledger::ChainState state;
        state.balance = state.safe_balance = Amount{kDeposit};
        state.block = 7;
        const payment::ChannelConfig terms = config(i);
        const auto id = parts_->channels.channel_id(terms);
        co_await parts_->ledger.open(id, terms, state);
    }
    co_return true;
}

void Shop::open() {
    run(fill());
}

keys::LocalSigner Shop::session(std::size_t channel) const {
    return signer(1000 + channel);
}

payment::ChannelConfig Shop::config(std::size_t channel) const {
    payment::ChannelConfig config{account(1), session(channel).address(),
                                  account(3), parts_->authorizer.address(),
                                  account(5), kWithdrawDelay,
                                  {}};
    config.salt.bytes[31] = 1;
    return config;
}

std::string Shop::request(const std::string& payment, const std::string& body) const {
    std::string text =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) +
        "\r\nAccept: application/json\r\nContent-Type: application/json\r\n";
    if (!payment.empty()) {
        text += std::string(payment::kPaymentSignatureHeader) + ": " + payment + "\r\n";
    }
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string Shop::unpaid(const std::string& body) const {
    return request({}, body);
}

std::string Shop::paid(std::size_t channel, const Amount& charged, const Amount& amount,
                       const std::string& body) const {
    const PaidOffer offer = offer_of(*parts_->served.all().front(), parts_->deployment, amount,
                                     "http://localhost/m/parrot/v1/chat/completions");
    payment::VoucherPayload payload;
    payload.config = config(channel);
    payload.voucher = {parts_->channels.channel_id(payload.config), charged + amount};
    payload.signature =
        session(channel).sign_typed_digest(parts_->channels.voucher_digest(payload.voucher));
    payment::PaymentPayload payment;
    payment.accepted = offer.channel;
    payment.resource_url = offer.resource.url;
    payment.payload = payload;
    return request(payment::to_header(payment), body);
}

Amount Shop::charged(std::size_t channel) {
    const auto look = [this](ledger::ChannelId id) -> Task<Amount> {
        co_return parts_->ledger.book().find(id)->charged;
    };
    return run(look(parts_->channels.channel_id(config(channel))));
}

}  // namespace stoa::bench
