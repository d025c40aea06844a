#pragma once

#include <llama.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoa/inference/engine.hpp"

namespace stoa::engines {

/// Turns prompts into tokens. What a caller wrote never becomes a control token, such as the one
/// that ends a turn, however it is spelt: only the template's own text may.
class LlamaText {
  public:
    explicit LlamaText(const llama_model*);

    /// Whether the model has a chat template, and one that llama.cpp knows.
    bool has_chat() const { return !template_.empty(); }

    /// In tokens of the model. A conversation needs `has_chat`.
    std::vector<llama_token> tokenize(const inference::Prompt&) const;

    /// For an embedding: with the tokens that begin and end a text.
    std::vector<llama_token> tokenize_text(std::string_view) const;

    /// The bytes of a token; none for a control token.
    std::string bytes_of(llama_token) const;
    bool ends_answer(llama_token token) const { return llama_vocab_is_eog(vocab_, token); }

    /// Upper bounds in tokens: what the template adds to a call, and to each of its messages.
    std::uint32_t template_bytes() const;
    std::uint32_t template_message_bytes() const;

  private:
    /// The template's text around the messages, and between two of it the content of a message.
    struct Rendered {
        std::vector<std::string> around;    // one more than `messages`
        std::vector<std::size_t> messages;  // indices
        std::size_t bytes() const;
    };
    std::optional<Rendered> render(const std::vector<inference::Role>&) const;
    std::vector<llama_token> tokenize_chat(const std::vector<inference::Message>&) const;
    void append_plain(std::vector<llama_token>&, std::string_view) const;
    std::vector<llama_token> raw_tokens(std::string_view, bool add_special) const;

    struct Control {
        std::string text;
        llama_token token;
    };
    const Control* control_at(std::string_view) const;

    const llama_vocab* vocab_;
    std::string template_;
    std::vector<Control> controls_;  // the longest first
};

}  // namespace stoa::engines
