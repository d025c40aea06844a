#include "stoa/gateway/paid_text.hpp"

#include <cstring>

#include "stoa/base/base64.hpp"
#include "stoa/payment/json_writer.hpp"

namespace stoa::gateway {
namespace {

const char* name_of(inference::Finish finish) {
    switch (finish) {
        case inference::Finish::stop: return "stop";
        case inference::Finish::length: return "length";
        case inference::Finish::cancelled: return "stop";
    }
    return "stop";
}

json::object usage_of(const inference::Outcome& outcome) {
    return {{"prompt_tokens", outcome.input_tokens},
            {"completion_tokens", outcome.output_tokens},
            {"total_tokens", std::uint64_t{outcome.input_tokens} + outcome.output_tokens}};
}

std::string event(const json::object& data) {
    return "data: " + json::serialize(data) + "\n\n";
}

json::value vector_json(const std::vector<float>& vector, bool base64) {
    if (!base64) return json::value_from(vector);
    ByteVector bytes(vector.size() * sizeof(float));
    std::memcpy(bytes.data(), vector.data(), bytes.size());
    return json::value(to_base64(bytes));
}

}  // namespace

json::object PaidText::head(bool chunk) const {
    const bool chat = kind_ == PaidKind::chat;
    const char* object = !chat   ? "text_completion"
                         : chunk ? "chat.completion.chunk"
                                 : "chat.completion";
    return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_}};
}

std::string PaidText::answer(std::string_view text, const inference::Outcome& outcome) const {
    const bool chat = kind_ == PaidKind::chat;
    payment::JsonWriter out;
    out.begin();
    out.plain("id", id_);
    out.plain("object", chat ? "chat.completion" : "text_completion");
    out.number("created", static_cast<std::uint64_t>(created_));
    out.text("model", model_);
    out.begin_list("choices");
    out.begin();
    out.number("index", 0);
    out.null("logprobs");
    out.plain("finish_reason", name_of(outcome.finish));
    if (chat) {
        out.begin("message");
        out.plain("role", "assistant");
        out.text("content", text);
        out.null("refusal");
        out.end();
    } else {
        out.text("text", text);
    }
    out.end();
    out.end_list();
    out.begin("usage");
    out.number("prompt_tokens", outcome.input_tokens);
    out.number("completion_tokens", outcome.output_tokens);
    out.number("total_tokens", std::uint64_t{outcome.input_tokens} + outcome.output_tokens);
    out.end();
    out.end();
    return out.take();
}

std::string PaidText::embeddings(const inference::Embeddings& found, bool base64) const {
    json::array list;
    for (std::size_t i = 0; i < found.vectors.size(); ++i) {
        list.push_back({{"object", "embedding"},
                        {"index", i},
                        {"embedding", vector_json(found.vectors[i], base64)}});
    }
    return json::serialize(json::object{
        {"object", "list"},
        {"data", std::move(list)},
        {"model", model_},
        {"usage", {{"prompt_tokens", found.input_tokens}, {"total_tokens", found.input_tokens}}}});
}

std::string PaidText::line(json::object delta, json::value finish) const {
    json::object choice{{"index", 0}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}};
    if (kind_ == PaidKind::chat) {
        choice["delta"] = std::move(delta);
    } else {
        const auto* text = delta.if_contains("content");
        choice["text"] = text ? *text : json::value("");
    }
    json::object body = head(true);
    body["choices"] = json::array(1, std::move(choice));
    return event(body);
}

std::string PaidText::opening() const {
    if (kind_ != PaidKind::chat) return {};
    return line({{"role", "assistant"}, {"content", ""}}, nullptr);
}

std::string PaidText::piece(std::string_view text) const {
    return line({{"content", text}}, nullptr);
}

std::string PaidText::closing(inference::Finish finish) const {
    return line({}, name_of(finish));
}

std::string PaidText::usage(const inference::Outcome& outcome) const {
    json::object body = head(true);
    body["choices"] = json::array();
    body["usage"] = usage_of(outcome);
    return event(body);
}

std::string PaidText::error(std::string_view code, std::string_view message) {
    return event({{"error", {{"message", message}, {"type", "server_error"}, {"code", code}}}});
}

}  // namespace stoa::gateway
