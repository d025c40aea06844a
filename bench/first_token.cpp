// What the way through the node adds to the time until a buyer has the first token: HTTP, payment
// and event stream before a real worker, less the same prompt given to that worker over its socket.
// The two take turns, so that both meet the same machine.
#include <algorithm>
#include <chrono>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/inference/worker_engine.hpp"

#include "bench/figure.hpp"
#include "bench/load.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPairs = 201;
constexpr std::size_t kWarm = 10;
constexpr std::uint64_t kAmount = 2'000;
const std::string kBody =
    R"({"model":"parrot","prompt":"One day, a small cat","max_tokens":4,"temperature":0,)"
    R"("stream":true})";

inference::WorkerOptions options() {
    inference::WorkerOptions options;
    options.worker = "build/release/bin/stoa-worker";
    options.model = "build/models/stories15M.gguf";
    options.digest = inference::sha256_of_file(options.model);
    return options;
}

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

class FirstPiece final : public inference::Sink {
  public:
    Task<void> on_prompt(std::vector<inference::TokenId>) override { co_return; }
    Task<bool> on_piece(inference::Piece piece) override {
        if (!first && !piece.text.empty()) first = milliseconds_since(began);
        co_return true;
    }

    Clock::time_point began = Clock::now();
    std::optional<double> first;
};

Task<double> of_worker(inference::Engine& engine) {
    inference::GenerateRequest request;
    request.prompt = std::string("One day, a small cat");
    request.max_tokens = 4;
    request.temperature = 0;
    FirstPiece sink;
    const auto outcome = co_await engine.generate(std::move(request), sink);
    if (!outcome) throw std::runtime_error(outcome.error().message());
    co_return sink.first.value();
}

/// A buyer that calls again once the charge of the call before is known.
class Buyer {
  public:
    explicit Buyer(Shop& shop) : shop_(shop), socket_(context_) {
        socket_.connect({asio::ip::address_v4::loopback(), shop.port()});
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    double call() {
        std::string request = shop_.paid(0, shop_.charged(0), Amount{kAmount}, kBody);
        request.replace(0, request.find(" HTTP"), "POST /v1/completions");
        const auto began = Clock::now();
        asio::write(socket_, asio::buffer(request));
        std::string answer;
        asio::read_until(socket_, asio::dynamic_buffer(answer), "data: ");
        const double first = milliseconds_since(began);
        if (!answer.starts_with("HTTP/1.1 200")) throw std::runtime_error(answer);
        asio::read_until(socket_, asio::dynamic_buffer(answer), "0\r\n\r\n");
        return first;
    }

  private:
    Shop& shop_;
    asio::io_context context_;
    asio::ip::tcp::socket socket_;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::vector<Figure> first_token() {
    io::Pool pool(1);
    inference::WorkerEngine* worker = nullptr;
    Shop shop(1, [&](const asio::any_io_executor& executor) {
        auto made = std::make_shared<inference::WorkerEngine>(executor, pool, io::Log(), options());
        worker = made.get();
        return made;
    });
    const auto started = shop.run(worker->start());
    if (!started) throw std::runtime_error(started.error().message());
    shop.open();
    Buyer buyer(shop);
    std::vector<double> added;
    std::vector<double> bare;
    for (std::size_t i = 0; i < kWarm + kPairs; ++i) {
        // Whoever comes second finds the prompt in the caches: each is that as often.
        double through = 0;
        if (i % 2 == 0) through = buyer.call();
        const double alone = shop.run(of_worker(shop.engine()));
        if (i % 2 == 1) through = buyer.call();
        if (i < kWarm) continue;
        added.push_back(through - alone);
        bare.push_back(alone);
    }
    return {{"first token, added by node", median(added), "ms", Bound::at_most, 1, "worker alone",
             median(bare)}};
}

}  // namespace stoa::bench
