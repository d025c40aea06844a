// Listings that could be real, made up from word lists: the same number gives the same card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stoa::bench {

struct Card {
    std::string slug;
    std::string title;
    std::string summary;
    std::string task;
    std::string domain;
    std::string licence;
    std::string format;
    std::string quantisation;
    std::vector<std::string> tags;
    std::vector<std::string> languages;
    std::uint64_t context = 0;
    std::uint64_t bytes = 0;
    std::string text;  ///< Markdown.
};

Card card_of(std::uint64_t number);
/// As it would be published.
std::string manifest_of(const Card&);
/// What is embedded of it, as the node does.
std::string meaning_text(const Card&);

/// What somebody may look for: a sentence, or two or three words of one of the first `cards` cards.
std::string sentence_of(std::uint64_t number);
std::string words_of(std::uint64_t number, std::uint64_t cards);

}  // namespace stoa::bench
