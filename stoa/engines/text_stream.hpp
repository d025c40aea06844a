#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stoa/inference/engine.hpp"

namespace stoa::engines {

/// Makes text that can be sent out of the bytes of tokens: whole UTF-8 characters, U+FFFD for what
/// is none, and nothing of a stop text, whose beginning is held back until it is known to be
/// something else.
class TextStream {
  public:
    explicit TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {}

    /// Takes a token's bytes. Once a stop text is complete, `stopped`.
    void add(inference::TokenId, std::string_view bytes);

    bool stopped() const { return stopped_; }

    /// What can be sent now, with the tokens since the last one; an empty text where nothing can.
    inference::Piece take();

    /// The rest, at the end of an answer. A character that was cut off is dropped.
    inference::Piece finish();

  private:
    std::vector<std::string> stops_;
    std::string text_;  // not yet sent
    std::vector<inference::TokenId> tokens_;
    bool stopped_ = false;
};

/// The length of `bytes` up to an unfinished character at its end.
std::size_t whole_characters(std::string_view bytes);

/// `bytes` with U+FFFD in place of every part that isn't UTF-8.
std::string repaired_utf8(std::string_view bytes);

}  // namespace stoa::engines
