#include "stoa/engines/llama_text.hpp"

#include <algorithm>
#include <stdexcept>

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

// Stands for a message's content while the template is rendered: nothing that a template would
// trim or look into. U+E000 and the next ones are for private use.
std::string placeholder(std::size_t index) {
    return "\x01" + std::to_string(index) + "\x02";
}

}  // namespace

LlamaText::LlamaText(const llama_model* model) : vocab_(llama_model_get_vocab(model)) {
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab_); ++token) {
        if (!llama_vocab_is_control(vocab_, token)) continue;
        const char* text = llama_vocab_get_text(vocab_, token);
        if (text && *text) controls_.push_back({text, token});
    }
    std::ranges::stable_sort(controls_, std::ranges::greater{},
                             [](const Control& it) { return it.text.size(); });
    const char* text = llama_model_chat_template(model, nullptr);
    if (!text) return;
    template_ = text;
    if (!render({Role::user})) template_.clear();
}

std::size_t LlamaText::Rendered::bytes() const {
    std::size_t sum = 0;
    for (const std::string& text : around) sum += text.size();
    return sum;
}

std::optional<LlamaText::Rendered> LlamaText::render(const std::vector<Role>& roles) const {
    std::vector<std::string> contents;
    for (std::size_t i = 0; i < roles.size(); ++i) contents.push_back(placeholder(i));
    std::vector<llama_chat_message> chat;
    for (std::size_t i = 0; i < roles.size(); ++i) {
        chat.push_back({name_of(roles[i]), contents[i].c_str()});
    }
    const auto apply = [&](std::string& out) {
        return llama_chat_apply_template(template_.c_str(), chat.data(), chat.size(), true,
                                         out.data(), static_cast<int>(out.size()));
    };
    std::string text(256 + 128 * roles.size(), '\0');
    int length = apply(text);
    if (length > static_cast<int>(text.size())) {
        text.resize(static_cast<std::size_t>(length));
        length = apply(text);
    }
    if (length <= 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(length));

    // A template may leave a message out, such as a system prompt that it has no place for.
    Rendered result;
    std::size_t from = 0;
    for (std::size_t i = 0; i < roles.size(); ++i) {
        const std::size_t at = text.find(contents[i], from);
        if (at == std::string::npos) continue;
        result.around.push_back(text.substr(from, at - from));
        result.messages.push_back(i);
        from = at + contents[i].size();
    }
    result.around.push_back(text.substr(from));
    return result;
}

std::uint32_t LlamaText::template_bytes() const {
    constexpr std::uint32_t kBeginAndEnd = 8;  // tokens that the vocabulary adds around a prompt
    if (!has_chat()) return kBeginAndEnd;
    return static_cast<std::uint32_t>(render({Role::user})->bytes()) + kBeginAndEnd;
}

std::uint32_t LlamaText::template_message_bytes() const {
    constexpr std::size_t kSpace = 4;  // a tokenizer may begin a text with a blank
    if (!has_chat()) return kSpace;
    const std::size_t one = render({Role::user})->bytes();
    std::size_t most = 0;
    for (const auto& two :
         {std::vector{Role::system, Role::user}, std::vector{Role::user, Role::assistant},
          std::vector{Role::user, Role::user}}) {
        most = std::max(most, render(two)->bytes());
    }
    return static_cast<std::uint32_t>(std::max(most, one) - one + kSpace);
}

std::vector<llama_token> LlamaText::raw_tokens(std::string_view text, bool add_special) const {
    std::vector<llama_token> tokens(text.size() + 8);
    const auto tokenize = [&] {
        return llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), tokens.data(),
                              static_cast<int>(tokens.size()), add_special, false);
    };
    int count = tokenize();
    if (count < 0 && count != INT32_MIN) {
        tokens.resize(static_cast<std::size_t>(-count));
        count = tokenize();
    }
    if (count < 0) throw std::runtime_error("the vocabulary can't tokenize");
    tokens.resize(static_cast<std::size_t>(count));
    return tokens;
}

std::vector<llama_token> LlamaText::tokenize(const inference::Prompt& prompt) const {
    if (const auto* messages = std::get_if<std::vector<Message>>(&prompt)) {
        return tokenize_chat(*messages);
    }
    return raw_tokens(std::get<std::string>(prompt), true);
}

std::vector<llama_token> LlamaText::tokenize_text(std::string_view text) const {
    return raw_tokens(text, true);
}

const LlamaText::Control* LlamaText::control_at(std::string_view text) const {
    const auto it = std::ranges::find_if(
        controls_, [&](const Control& control) { return text.starts_with(control.text); });
    return it == controls_.end() ? nullptr : &*it;
}

void LlamaText::append_plain(std::vector<llama_token>& tokens, std::string_view text) const {
    if (text.empty()) return;
    const auto more = raw_tokens(text, false);
    tokens.insert(tokens.end(), more.begin(), more.end());
}

// As llama.cpp's own tokenizer cuts a text at its control tokens, except that it would also cut
// the contents: so a tokenizer sees each stretch between two control tokens as a whole.
std::vector<llama_token> LlamaText::tokenize_chat(const std::vector<Message>& messages) const {
    std::vector<Role> roles;
    for (const Message& message : messages) roles.push_back(message.role);
    const auto rendered = render(roles);
    if (!rendered) throw std::runtime_error("the chat template can't be applied");

    std::vector<llama_token> tokens;
    std::string plain;
    for (std::size_t part = 0; part < rendered->around.size(); ++part) {
        std::string_view text = rendered->around[part];
        while (!text.empty()) {
            const Control* control = control_at(text);
            if (!control) {
                plain += text.front();
                text.remove_prefix(1);
                continue;
            }
            append_plain(tokens, plain);
            plain.clear();
            tokens.push_back(control->token);
            text.remove_prefix(control->text.size());
        }
        if (part < rendered->messages.size()) plain += messages[rendered->messages[part]].content;
    }
    append_plain(tokens, plain);
    const llama_token begin = llama_vocab_bos(vocab_);
    if (llama_vocab_get_add_bos(vocab_) && (tokens.empty() || tokens.front() != begin)) {
        tokens.insert(tokens.begin(), begin);
    }
    return tokens;
}

std::string LlamaText::bytes_of(llama_token token) const {
    std::string bytes(64, '\0');
    const auto convert = [&] {
        return llama_token_to_piece(vocab_, token, bytes.data(), static_cast<int>(bytes.size()), 0,
                                    false);
    };
    int length = convert();
    if (length < 0) {
        bytes.resize(static_cast<std::size_t>(-length));
        length = convert();
    }
    bytes.resize(static_cast<std::size_t>(std::max(length, 0)));
    return bytes;
}

}  // namespace stoa::engines
