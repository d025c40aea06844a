#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stoa/inference/engine.hpp"

namespace stoa::engines {

/// A model's own chat template, in Jinja: how a conversation becomes one text.
class ChatTemplate {
  public:
    /// Throws `std::runtime_error` where `source` isn't a template.
    /// @param begin, end  the texts of the vocabulary's tokens, which templates write out
    ChatTemplate(const std::string& source, std::string begin, std::string end);
    ~ChatTemplate();
    ChatTemplate(ChatTemplate&&) noexcept;

    /// A stretch of the text, and whether the caller wrote it or the template.
    struct Part {
        std::string text;
        bool from_caller = false;
    };

    /// The text up to where the assistant's answer begins. Throws `std::runtime_error` where the
    /// template doesn't take the conversation, such as one without a user.
    std::vector<Part> render(const std::vector<inference::Message>&) const;

  private:
    struct Program;
    std::unique_ptr<Program> program_;
    std::string source_;
    std::string begin_;
    std::string end_;
};

}  // namespace stoa::engines
