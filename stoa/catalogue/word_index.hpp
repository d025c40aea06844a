#pragma once

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "stoa/base/types.hpp"
#include "stoa/catalogue/id_set.hpp"
#include "stoa/db/word_cutter.hpp"

namespace stoa::catalogue {

/// Where in a listing a word stands: in its name, in what lists show of it, in the card.
enum class Part { title, head, card };
inline constexpr std::size_t kParts = 3;

/// The distinct words of a listing, each with the first part that has it, as bytes for a table.
/// Words of more than 64 bytes, and those beyond 1,000, are left out.
ByteVector words_of(db::WordCutter&, const std::array<std::string, kParts>& parts);

/// One word of a query.
struct QueryWord {
    std::string word;
    bool is_prefix = false;  ///< May go on: what was typed last.
};

/// At most 16.
std::vector<QueryWord> query_words(db::WordCutter&, std::string_view text);

/// What a query's words found.
struct WordMatch {
    Bits places;                ///< Those that have all of them.
    std::vector<float> scores;  ///< By place, 0…1: which part has how rare a word.
};

/// For each word, the listings that have it: an inverted index. Scored is that a word is there,
/// not how often: titles and summaries hardly repeat themselves, and cards should not gain by it.
class WordIndex {
  public:
    /// Of `words_of`; places in ascending order.
    void add(Place, Bytes words);
    /// `live` are the listings that are still there.
    WordMatch find(const std::vector<QueryWord>&, const Bits& live) const;

    void shrink();
    std::size_t memory_bytes() const;

  private:
    using Places = std::array<IdSet, kParts>;
    struct Level;
    std::vector<Level> levels_of(const QueryWord&, std::size_t places) const;

    std::unordered_map<std::string, std::size_t> by_word_;
    std::map<std::string_view, std::size_t> in_order_;  ///< Of `by_word_`'s keys.
    std::vector<Places> places_;
};

}  // namespace stoa::catalogue
