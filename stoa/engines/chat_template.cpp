#include "stoa/engines/chat_template.hpp"

#include <jinja/parser.h>
#include <jinja/runtime.h>

namespace stoa::engines {

using inference::Message;
using inference::Role;

namespace {

const char* name_of(Role role) {
    switch (role) {
        case Role::system: return "system";
        case Role::user: return "user";
        case Role::assistant: return "assistant";
    }
    return "user";
}

jinja::value object_of(const Message& message) {
    auto content = jinja::mk_val<jinja::value_string>(message.content);
    content->val_str.mark_input();
    auto object = jinja::mk_val<jinja::value_object>();
    object->insert("role", jinja::mk_val<jinja::value_string>(name_of(message.role)));
    object->insert("content", content);
    return object;
}

}  // namespace

struct ChatTemplate::Program {
    jinja::program jinja;
};

ChatTemplate::ChatTemplate(const std::string& source, std::string begin, std::string end)
    : begin_(std::move(begin)), end_(std::move(end)) {
    const auto tokens = jinja::lexer().tokenize(source);
    source_ = tokens.source;
    program_ = std::make_unique<Program>(Program{jinja::parse_from_tokens(tokens)});
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

std::vector<ChatTemplate::Part> ChatTemplate::render(const std::vector<Message>& messages) const {
    auto list = jinja::mk_val<jinja::value_array>();
    for (const Message& message : messages) list->push_back(object_of(message));
    jinja::context context(source_);
    context.set_val("messages", list);
    context.set_val("add_generation_prompt", jinja::mk_val<jinja::value_bool>(true));
    context.set_val("bos_token", jinja::mk_val<jinja::value_string>(begin_));
    context.set_val("eos_token", jinja::mk_val<jinja::value_string>(end_));
    const jinja::value results = jinja::runtime(context).execute(program_->jinja);
    const jinja::value_string text = jinja::runtime::gather_string_parts(results);
    std::vector<Part> parts;
    for (auto& part : text->val_str.parts) {
        parts.push_back({std::move(part.val), part.is_input});
    }
    return parts;
}

}  // namespace stoa::engines
