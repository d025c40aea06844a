#include "stoa/gateway/paid_request.hpp"

#include <algorithm>
#include <limits>

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxMessages = 1024;
constexpr std::uint64_t kTypicalInputTokens = 500;

tl::unexpected<Problem> invalid(std::string_view field, std::string_view expected) {
    return refuse(GatewayError::invalid_field,
                  "\"" + std::string(field) + "\" must be " + std::string(expected) + ".",
                  std::string(field));
}

const json::value* find(const json::object& body, std::string_view name) {
    const json::value* value = body.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

OrProblem<bool> flag(const json::object& body, std::string_view name) {
    const json::value* value = find(body, name);
    if (!value) return false;
    if (!value->is_bool()) return invalid(name, "true or false");
    return value->get_bool();
}

OrProblem<std::uint64_t> whole(const json::object& body, std::string_view name,
                               std::uint64_t otherwise) {
    const json::value* value = find(body, name);
    if (!value) return otherwise;
    if (value->is_uint64()) return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0) {
        return static_cast<std::uint64_t>(value->get_int64());
    }
    return invalid(name, "a whole number from 0");
}

OrProblem<float> real(const json::object& body, std::string_view name, float otherwise, float min,
                      float max) {
    const json::value* value = find(body, name);
    if (!value) return otherwise;
    boost::system::error_code bad;
    const auto number = value->to_number<double>(bad);
    if (bad || number < min || number > max) {
        return invalid(name, "a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return static_cast<float>(number);
}

OrProblem<std::vector<std::string>> texts(const json::object& body, std::string_view name,
                                          std::size_t max) {
    const json::value* value = find(body, name);
    std::vector<std::string> list;
    if (!value) return list;
    if (value->is_string()) {
        list.emplace_back(value->get_string());
        return list;
    }
    const auto* items = value->if_array();
    if (!items || items->size() > max) {
        return invalid(name, "text or a list of at most " + std::to_string(max) + " texts");
    }
    for (const json::value& item : *items) {
        if (!item.is_string()) return invalid(name, "text or a list of texts");
        list.emplace_back(item.get_string());
    }
    return list;
}

/// Text, or OpenAI's list of parts, of which engines here read the text ones.
OrProblem<std::string> content_of(const json::object& message) {
    const json::value* content = find(message, "content");
    if (!content) return invalid("messages.content", "text");
    if (content->is_string()) return std::string(content->get_string());
    const auto* parts = content->if_array();
    if (!parts) return invalid("messages.content", "text");
    std::string all;
    for (const json::value& part : *parts) {
        const auto* object = part.if_object();
        const json::value* text = object ? find(*object, "text") : nullptr;
        if (!text || !text->is_string()) return invalid("messages.content", "text parts only");
        all += text->get_string();
    }
    return all;
}

OrProblem<std::vector<inference::Message>> messages_of(const json::object& body) {
    using inference::Role;
    const json::value* list = find(body, "messages");
    if (!list) {
        return refuse(GatewayError::missing_field, "\"messages\" is missing.", "messages");
    }
    if (!list->is_array() || list->get_array().empty() || list->get_array().size() > kMaxMessages) {
        return invalid("messages", "a list of 1 to 1024 messages");
    }
    std::vector<inference::Message> messages;
    for (const json::value& item : list->get_array()) {
        const auto* message = item.if_object();
        const json::value* role = message ? find(*message, "role") : nullptr;
        if (!role || !role->is_string()) return invalid("messages.role", "text");
        const std::string_view name = role->get_string();
        inference::Message out;
        if (name == "system" || name == "developer") {
            out.role = Role::system;
        } else if (name == "user") {
            out.role = Role::user;
        } else if (name == "assistant") {
            out.role = Role::assistant;
        } else {
            return invalid("messages.role", "system, user or assistant");
        }
        STOA_TRY(out.content, content_of(*message));
        messages.push_back(std::move(out));
    }
    return messages;
}

/// What engines are given, and what OpenAI's clients send beside it that changes no answer.
/// Anything else is refused before it is paid: a buyer would believe that it had an effect.
OrProblem<void> only_known(const Fields& fields) {
    return fields.only({"model",
                        "messages",
                        "prompt",
                        "input",
                        "max_tokens",
                        "max_completion_tokens",
                        "temperature",
                        "top_p",
                        "seed",
                        "stop",
                        "n",
                        "stream",
                        "stream_options",
                        "encoding_format",
                        "presence_penalty",
                        "frequency_penalty",
                        "user",
                        "metadata",
                        "store",
                        "service_tier",
                        "safety_identifier",
                        "prompt_cache_key"});
}

OrProblem<void> read_sampling(const json::object& body, PaidRequest& out) {
    auto& generate = out.generate;
    STOA_TRY(auto tokens, whole(body, "max_tokens", 0));
    if (tokens == 0) {
        STOA_TRY(tokens, whole(body, "max_completion_tokens", 0));
    }
    generate.max_tokens = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(tokens, std::numeric_limits<std::uint32_t>::max()));
    STOA_TRY(generate.temperature, real(body, "temperature", 1, 0, 2));
    STOA_TRY(generate.top_p, real(body, "top_p", 1, 0, 1));
    if (generate.top_p == 0) generate.top_p = std::numeric_limits<float>::min();
    STOA_CHECK(real(body, "presence_penalty", 0, 0, 0));
    STOA_CHECK(real(body, "frequency_penalty", 0, 0, 0));
    STOA_TRY(generate.seed, whole(body, "seed", 0));
    STOA_TRY(generate.stop, texts(body, "stop", inference::kMaxStops));
    STOA_TRY(const auto answers, whole(body, "n", 1));
    if (answers != 1) return invalid("n", "1");
    STOA_TRY(out.stream, flag(body, "stream"));
    const json::value* options = find(body, "stream_options");
    if (options && options->is_object()) {
        STOA_TRY(out.include_usage, flag(options->get_object(), "include_usage"));
    }
    return {};
}

OrProblem<void> read_prompt(const json::object& body, PaidRequest& out) {
    if (out.kind == PaidKind::chat) {
        STOA_TRY(auto messages, messages_of(body));
        out.messages = messages.size();
        for (const auto& message : messages) out.text_bytes += message.content.size();
        out.generate.prompt = std::move(messages);
        return {};
    }
    const char* name = out.kind == PaidKind::completion ? "prompt" : "input";
    const std::size_t max = out.kind == PaidKind::completion ? 1 : inference::kMaxEmbeddingTexts;
    STOA_TRY(auto list, texts(body, name, max));
    if (list.empty()) {
        return refuse(GatewayError::missing_field, "\"" + std::string(name) + "\" is missing.",
                      name);
    }
    for (const auto& text : list) out.text_bytes += text.size();
    out.messages = list.size();
    if (out.kind == PaidKind::completion) {
        out.generate.prompt = std::move(list.front());
    } else {
        out.texts = std::move(list);
    }
    return {};
}

}  // namespace

OrProblem<PaidRequest> read_paid_request(PaidKind kind, std::string_view text) {
    STOA_TRY(const Fields fields, Fields::parse(text));
    STOA_CHECK(only_known(fields));
    const json::object& body = fields.raw();
    PaidRequest out;
    out.kind = kind;
    if (const json::value* model = find(body, "model")) {
        if (!model->is_string()) return invalid("model", "text");
        out.model = model->get_string();
    }
    STOA_CHECK(read_prompt(body, out));
    if (kind == PaidKind::embedding) {
        if (const json::value* format = find(body, "encoding_format")) {
            if (*format == "base64") {
                out.base64 = true;
            } else if (*format != "float") {
                return invalid("encoding_format", "float or base64");
            }
        }
        return out;
    }
    STOA_CHECK(read_sampling(body, out));
    return out;
}

payment::Usage usage_bound(const PaidRequest& request, const inference::EngineInfo& info) {
    payment::Usage most;
    most.input_tokens = info.input_bound(request.messages, request.text_bytes);
    if (request.kind == PaidKind::embedding) return most;
    const std::uint32_t asked =
        request.generate.max_tokens == 0 ? info.max_output : request.generate.max_tokens;
    most.output_tokens = std::min(asked, info.context);
    return most;
}

payment::Usage typical_usage(const inference::EngineInfo& info) {
    return {kTypicalInputTokens, info.embedding && !info.chat ? 0 : info.max_output};
}

}  // namespace stoa::gateway
