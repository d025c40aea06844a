#include <iostream>
#include <iterator>

#include "stoa/client/commands.hpp"
#include "stoa/client/wallet_payer.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

class Collector final : public Sink {
  public:
    Task<void> begin(const io::ClientResponse&) override { co_return; }
    Task<bool> piece(std::string_view chunk) override {
        text_ += chunk;
        co_return true;
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace

Task<void> embed(Context& context, const CallOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    json::object body;
    body["model"] = options.model;
    body["input"] = options.prompt.empty()
                        ? std::string{std::istreambuf_iterator<char>(std::cin), {}}
                        : options.prompt;
    PaidCall call;
    call.target = "/v1/embeddings";
    call.body = json::serialize(body);
    WalletPayer payer{context, deployment, options};
    Collector collector;
    const Outcome outcome = co_await payer.payer().call(call, collector);
    if (outcome.response.status / 100 != 2) {
        throw failure_of(outcome.response.status, outcome.response.body);
    }
    const json::value answer = parse_answer(collector.text());
    const json::value& embedding = answer.at("data").at(0).at("embedding");
    json::object result{{"embedding", embedding}};
    result["charged"] = to_decimal(outcome.charged);
    context.out.result(result, json::serialize(embedding));
    payer.tell_charge(outcome);
}

}  // namespace stoa::client
