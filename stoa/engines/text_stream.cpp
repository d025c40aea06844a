#include "stoa/engines/text_stream.hpp"

#include <algorithm>
#include <optional>

#include "stoa/inference/utf8.hpp"

namespace stoa::engines {

using inference::utf8_head;
using inference::Utf8Head;

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the longest end of `text` that is a beginning of `stop`.
std::size_t overlap(std::string_view text, std::string_view stop) {
    for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
        if (text.ends_with(stop.substr(0, length))) return length;
    }
    return 0;
}

}  // namespace

std::size_t whole_characters(std::string_view bytes) {
    // A character has at most four bytes, so at most three stand at an unfinished end.
    const std::size_t look = std::min<std::size_t>(3, bytes.size());
    for (std::size_t back = 1; back <= look; ++back) {
        const Utf8Head head = utf8_head(bytes.substr(bytes.size() - back));
        if (head.unfinished && head.length == back) return bytes.size() - back;
    }
    return bytes.size();
}

std::string repaired_utf8(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const Utf8Head head = utf8_head(bytes);
        text += head.valid ? bytes.substr(0, head.length) : kReplacement;
        bytes.remove_prefix(head.length);
    }
    return text;
}

void TextStream::add(inference::TokenId token, std::string_view bytes) {
    tokens_.push_back(token);
    if (stopped_) return;
    text_ += bytes;
    std::size_t cut = std::string::npos;
    for (const std::string& stop : stops_) cut = std::min(cut, text_.find(stop));
    if (cut == std::string::npos) return;
    text_.resize(cut);
    stopped_ = true;
}

inference::Piece TextStream::take() {
    std::size_t held = 0;
    if (!stopped_) {
        for (const std::string& stop : stops_) held = std::max(held, overlap(text_, stop));
    }
    const std::string_view sendable = std::string_view(text_).substr(0, text_.size() - held);
    const std::size_t length = whole_characters(sendable);
    if (length == 0) return {};
    inference::Piece piece{repaired_utf8(sendable.substr(0, length)), std::exchange(tokens_, {})};
    text_.erase(0, length);
    return piece;
}

inference::Piece TextStream::finish() {
    const std::string_view rest = std::string_view(text_).substr(0, whole_characters(text_));
    inference::Piece piece{repaired_utf8(rest), std::exchange(tokens_, {})};
    text_.clear();
    return piece;
}

}  // namespace stoa::engines
