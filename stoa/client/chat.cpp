#include <iostream>
#include <iterator>

#include "stoa/client/commands.hpp"
#include "stoa/client/units.hpp"
#include "stoa/client/wallet_payer.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxPrompt = 1 << 20;

enum class Way { chat, completion };

/// A model that only continues text gets the prompt as such.
Task<Way> way_of(Context& context, const std::string& model) {
    const json::value answer = co_await context.node.get("/v1/models");
    const json::value* data =
        answer.is_object() ? answer.get_object().if_contains("data") : nullptr;
    if (!data || !data->is_array()) co_return Way::chat;
    for (const json::value& entry : data->get_array()) {
        if (entry.at("id").as_string() != model) continue;
        bool chats = false;
        bool completes = false;
        for (const json::value& capability : entry.at("stoa").at("capabilities").as_array()) {
            chats = chats || capability.as_string() == "chat";
            completes = completes || capability.as_string().starts_with("completion");
        }
        co_return !chats && completes ? Way::completion : Way::chat;
    }
    co_return Way::chat;
}

std::string prompt_of(const CallOptions& options) {
    if (!options.prompt.empty()) return options.prompt;
    std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    if (text.empty() || text.size() > kMaxPrompt) {
        throw Failure("no_prompt", "There is nothing to send.",
                      "Write the prompt as the last argument, or pipe it in.");
    }
    return text;
}

/// Prints what arrives, and keeps it.
class Printer final : public Sink {
  public:
    explicit Printer(Output& out) : out_(out) {}

    Task<void> begin(const io::ClientResponse&) override { co_return; }

    Task<bool> piece(std::string_view chunk) override {
        reader_.feed(chunk, [this](io::Event&& event) { take(event.data); });
        co_return true;
    }

    const std::string& text() const { return text_; }
    const json::value& usage() const { return usage_; }
    const std::string& failure() const { return failure_; }

  private:
    void take(const std::string& data) {
        json::error_code error;
        const json::value value = json::parse(data, error);
        if (error || !value.is_object()) return;  // [DONE]
        const auto& object = value.get_object();
        if (const auto* usage = object.if_contains("usage")) usage_ = *usage;
        if (object.contains("error")) failure_ = failure_of(500, data).what();
        const auto* choices = object.if_contains("choices");
        if (!choices || !choices->is_array() || choices->get_array().empty()) return;
        const auto& choice = choices->get_array().front().as_object();
        const json::value* piece = choice.if_contains("text");
        if (const auto* delta = choice.if_contains("delta"); delta && delta->is_object()) {
            piece = delta->get_object().if_contains("content");
        }
        if (!piece || !piece->is_string()) return;
        text_ += piece->get_string();
        out_.piece(printable(piece->get_string()));
    }

    Output& out_;
    io::EventReader reader_;
    std::string text_;
    json::value usage_;
    std::string failure_;
};

PaidCall call_of(const CallOptions& options, Way way) {
    json::object body;
    body["model"] = options.model;
    body["stream"] = true;
    body["stream_options"].emplace_object()["include_usage"] = true;
    if (options.max_tokens) body["max_tokens"] = options.max_tokens;
    body["temperature"] = options.temperature;
    PaidCall call;
    if (way == Way::chat) {
        json::object message;
        message["role"] = "user";
        message["content"] = prompt_of(options);
        body["messages"].emplace_array().push_back(std::move(message));
        call.target = "/v1/chat/completions";
    } else {
        body["prompt"] = prompt_of(options);
        call.target = "/v1/completions";
    }
    call.body = json::serialize(body);
    return call;
}

}  // namespace

Task<void> chat(Context& context, const CallOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const Way way = co_await way_of(context, options.model);
    const PaidCall call = call_of(options, way);
    WalletPayer payer{context, deployment, options};
    Printer printer{context.out};
    const Outcome outcome = co_await payer.payer().call(call, printer);
    if (outcome.response.status / 100 != 2) {
        throw failure_of(outcome.response.status, outcome.response.body);
    }
    if (!printer.failure().empty()) {
        throw Failure("call_failed", printer.failure(), "It was not charged. Try again.");
    }
    context.out.piece("\n");
    json::object result{{"text", printer.text()}, {"usage", printer.usage()}};
    result["charged"] = to_decimal(outcome.charged);
    if (outcome.receipt && outcome.session) {
        const auto wrong =
            check_receipt(*outcome.receipt, *outcome.session, outcome.charged, printer.text());
        if (wrong) {
            throw Failure("bad_receipt", "The node's receipt proves nothing: " + *wrong + ".",
                          "Keep the answer and the session, and ask another node.");
        }
        const payment::ReceiptDomain domain{deployment.chain_id};
        result["receipt"] = payment::to_json(domain, *outcome.receipt);
    }
    context.out.result(result, "");
    payer.tell_charge(outcome);
}

}  // namespace stoa::client
