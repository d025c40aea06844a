#include "stoa/engines/llama_text.hpp"

#include <algorithm>
#include <stdexcept>

#include "stoa/inference/error.hpp"

namespace stoa::engines {

using inference::InferenceError;
using inference::Message;
using inference::Role;

namespace {

constexpr std::uint32_t kBeginAndEnd = 8;  // tokens that a vocabulary adds around a prompt
constexpr std::uint32_t kBlank = 4;        // a tokenizer may begin a text with one

// Bytes that the template adds to a conversation of these roles, if it takes it.
std::optional<std::size_t> added_bytes(const ChatTemplate& chat, const std::vector<Role>& roles) {
    std::vector<Message> messages;
    for (const Role role : roles) messages.push_back({role, "x"});
    std::size_t bytes = 0;
    try {
        for (const ChatTemplate::Part& part : chat.render(messages)) {
            if (!part.from_caller) bytes += part.text.size();
        }
    } catch (const std::exception&) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace

LlamaText::LlamaText(const llama_model* model)
    : vocab_(llama_model_get_vocab(model)),
      template_bytes_(kBeginAndEnd),
      template_message_bytes_(kBlank) {
    find_controls();
    if (const char* source = llama_model_chat_template(model, nullptr)) adopt_template(source);
}

void LlamaText::find_controls() {
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab_); ++token) {
        if (!llama_vocab_is_control(vocab_, token)) continue;
        if (std::string text = text_of(token); !text.empty()) {
            controls_.push_back({std::move(text), token});
        }
    }
    std::ranges::stable_sort(controls_, std::ranges::greater{},
                             [](const Control& it) { return it.text.size(); });
}

std::string LlamaText::text_of(llama_token token) const {
    const char* text = token == LLAMA_TOKEN_NULL ? nullptr : llama_vocab_get_text(vocab_, token);
    return text ? text : "";
}

// A template that doesn't parse, or that takes no single question, is as good as none.
void LlamaText::adopt_template(const char* source) {
    try {
        template_.emplace(source, text_of(llama_vocab_bos(vocab_)),
                          text_of(llama_vocab_eos(vocab_)));
    } catch (const std::exception&) {
        return;
    }
    const auto one = added_bytes(*template_, {Role::user});
    if (!one) return template_.reset();
    std::size_t most = *one;
    for (const auto& roles :
         {std::vector{Role::system, Role::user}, std::vector{Role::user, Role::assistant},
          std::vector{Role::user, Role::user},
          std::vector{Role::user, Role::assistant, Role::user}}) {
        if (const auto more = added_bytes(*template_, roles)) most = std::max(most, *more);
    }
    template_bytes_ += static_cast<std::uint32_t>(*one);
    template_message_bytes_ += static_cast<std::uint32_t>(most - *one);
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

std::vector<llama_token> LlamaText::tokenize_text(std::string_view text) const {
    return raw_tokens(text, true);
}

Result<std::vector<llama_token>> LlamaText::tokenize(const inference::Prompt& prompt) const {
    if (const auto* text = std::get_if<std::string>(&prompt)) return tokenize_text(*text);
    std::vector<ChatTemplate::Part> parts;
    try {
        parts = template_->render(std::get<std::vector<Message>>(prompt));
    } catch (const std::exception&) {
        return fail(InferenceError::bad_conversation);
    }
    return tokenize_parts(parts);
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
// what the caller wrote: so what stands between two control tokens is tokenized as a whole.
std::vector<llama_token> LlamaText::tokenize_parts(
    const std::vector<ChatTemplate::Part>& parts) const {
    std::vector<llama_token> tokens;
    std::string plain;
    for (const ChatTemplate::Part& part : parts) {
        if (part.from_caller) {
            plain += part.text;
            continue;
        }
        for (std::string_view text = part.text; !text.empty();) {
            const Control* control = control_at(text);
            if (control) {
                append_plain(tokens, plain);
                plain.clear();
                tokens.push_back(control->token);
            } else {
                plain += text.front();
            }
            text.remove_prefix(control ? control->text.size() : 1);
        }
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
