#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace stoa::db {

/// Cuts text into words as people search for them: lower case, without diacritics, and without the
/// endings of English words (SQLite's tokenizer "porter unicode61"). One thread at a time.
class WordCutter {
  public:
    WordCutter();
    ~WordCutter();
    WordCutter(const WordCutter&) = delete;

    /// Calls `take` with each word in order, and whether the text goes on behind it: without that,
    /// the word may still be being typed.
    void cut(std::string_view text,
             const std::function<void(std::string_view word, bool goes_on)>& take);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::db
