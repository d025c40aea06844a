#include "stoa/catalogue/word_index.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace stoa::catalogue {
namespace {

constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxWords = 1'000;
constexpr std::size_t kMaxQueryWords = 16;
constexpr std::size_t kLeastPrefix = 3;  ///< Fewer letters begin too many words.
constexpr std::array<float, kParts> kWeights{1.0F, 0.5F, 0.25F};
constexpr float kOfPrefix = 0.5F;  ///< What a word weighs that only begins like the query's.

}  // namespace

ByteVector words_of(db::WordCutter& cutter, const std::array<std::string, kParts>& parts) {
    ByteVector bytes;
    std::unordered_set<std::string> seen;
    for (std::size_t part = 0; part < kParts; ++part) {
        cutter.cut(parts[part], [&](std::string_view word, bool) {
            if (word.empty() || word.size() > kMaxWordBytes || seen.size() == kMaxWords) return;
            if (!seen.emplace(word).second) return;
            bytes.push_back(static_cast<std::uint8_t>(part));
            bytes.push_back(static_cast<std::uint8_t>(word.size()));
            bytes.insert(bytes.end(), word.begin(), word.end());
        });
    }
    return bytes;
}

std::vector<QueryWord> query_words(db::WordCutter& cutter, std::string_view text) {
    std::vector<QueryWord> words;
    cutter.cut(text, [&](std::string_view word, bool goes_on) {
        if (words.size() == kMaxQueryWords) return;
        words.push_back({std::string(word), !goes_on && word.size() >= kLeastPrefix});
    });
    return words;
}

void WordIndex::add(Place at, Bytes words) {
    while (words.size() > 2) {
        const std::size_t part = std::min<std::size_t>(words[0], kParts - 1);
        const std::size_t length = std::min<std::size_t>(words[1], words.size() - 2);
        std::string word(as_text(words.subspan(2, length)));
        words = words.subspan(2 + length);
        const auto [it, is_new] = by_word_.try_emplace(std::move(word), places_.size());
        if (is_new) {
            places_.emplace_back();
            in_order_.emplace(it->first, it->second);
        }
        places_[it->second][part].add(at);
    }
}

/// Listings that have a word in one way, and what that weighs.
struct WordIndex::Level {
    Bits places;
    float weight;
};

/// The heaviest first: a listing counts for the first that has it.
std::vector<WordIndex::Level> WordIndex::levels_of(const QueryWord& query,
                                                   std::size_t places) const {
    std::vector<Level> levels;
    if (const auto it = by_word_.find(query.word); it != by_word_.end()) {
        for (std::size_t part = 0; part < kParts; ++part) {
            levels.push_back({Bits(places), kWeights[part]});
            places_[it->second][part].add_to(levels.back().places);
        }
    }
    if (!query.is_prefix) return levels;
    const std::size_t first = levels.size();
    for (const float weight : kWeights) levels.push_back({Bits(places), weight * kOfPrefix});
    for (auto it = in_order_.lower_bound(query.word);
         it != in_order_.end() && it->first.starts_with(query.word); ++it) {
        for (std::size_t part = 0; part < kParts; ++part) {
            places_[it->second][part].add_to(levels[first + part].places);
        }
    }
    std::ranges::stable_sort(levels, std::ranges::greater{}, &Level::weight);
    return levels;
}

WordMatch WordIndex::find(const std::vector<QueryWord>& words, const Bits& live) const {
    const std::size_t places = live.words().size() * 64;
    std::vector<std::vector<Level>> levels;
    WordMatch match{live, std::vector<float>(places)};
    std::vector<float> rarity;
    float most = 0;
    for (const QueryWord& word : words) {
        levels.push_back(levels_of(word, places));
        Bits any(places);
        for (const Level& level : levels.back()) any |= level.places;
        const auto having = static_cast<float>(any.count_both(live));
        rarity.push_back(std::log(1 + static_cast<float>(live.count()) / (having + 1)));
        most += rarity.back();
        match.places &= any;
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        Bits left = match.places;
        for (Level& level : levels[i]) {
            level.places &= left;
            left -= level.places;
            const float score = level.weight * rarity[i] / most;
            level.places.for_each([&](Place at) { match.scores[at] += score; });
        }
    }
    return match;
}

void WordIndex::shrink() {
    for (Places& parts : places_) {
        for (IdSet& ids : parts) ids.shrink();
    }
}

std::size_t WordIndex::memory_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [word, index] : by_word_) bytes += 2 * (word.capacity() + 64);
    for (const Places& parts : places_) {
        for (const IdSet& ids : parts) bytes += ids.memory_bytes();
    }
    return bytes;
}

}  // namespace stoa::catalogue
