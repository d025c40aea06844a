#pragma once

#include <llama.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoa/base/result.hpp"
#include "stoa/engines/chat_template.hpp"
#include "stoa/inference/engine.hpp"

namespace stoa::engines {

/// Turns prompts into tokens. What a caller wrote never becomes a control token, such as the one
/// that ends a turn, however it is spelt: only the template's own text may.
class LlamaText {
  public:
    explicit LlamaText(const llama_model*);

    /// Whether the model has a chat template, and one that works.
    bool has_chat() const { return template_.has_value(); }

    /// In tokens of the model. A conversation needs `has_chat`; bad_conversation where the template
    /// doesn't take it.
    Result<std::vector<llama_token>> tokenize(const inference::Prompt&) const;

    /// With the tokens that begin and end a text.
    std::vector<llama_token> tokenize_text(std::string_view) const;

    /// The bytes of a token; none for a control token.
    std::string bytes_of(llama_token) const;
    bool ends_answer(llama_token token) const { return llama_vocab_is_eog(vocab_, token); }

    /// Upper bounds in tokens: what the template adds to a call, and to each of its messages.
    std::uint32_t template_bytes() const { return template_bytes_; }
    std::uint32_t template_message_bytes() const { return template_message_bytes_; }

  private:
    struct Control {
        std::string text;
        llama_token token;
    };
    const Control* control_at(std::string_view) const;
    std::string text_of(llama_token) const;
    void find_controls();
    void adopt_template(const char* source);
    void append_plain(std::vector<llama_token>&, std::string_view) const;
    std::vector<llama_token> tokenize_parts(const std::vector<ChatTemplate::Part>&) const;
    std::vector<llama_token> raw_tokens(std::string_view, bool add_special) const;

    const llama_vocab* vocab_;
    std::optional<ChatTemplate> template_;
    std::vector<Control> controls_;  // the longest first
    std::uint32_t template_bytes_;
    std::uint32_t template_message_bytes_;
};

}  // namespace stoa::engines
