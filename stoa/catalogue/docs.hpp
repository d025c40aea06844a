#pragma once

#include <cstdint>
#include <vector>

#include "stoa/base/types.hpp"
#include "stoa/catalogue/facts.hpp"
#include "stoa/db/session.hpp"
#include "stoa/db/word_cutter.hpp"

namespace stoa::catalogue {

/// Keeps what search and lists show of models up to date. The table `touched` collects the models
/// whose rows changed, by triggers; one transaction at a time.
class Docs {
  public:
    Docs(const chain::Deployment&, eth::Address own);

    /// Of all that was touched: their text from the manifest of the newest version that isn't
    /// withdrawn (where that isn't here the slug has to do), and the facts for the facets as of
    /// `now`. Keeps the vector of unchanged text.
    void refresh(db::Session&, UnixTime now);

    /// Has the models that name the manifest refreshed.
    static void touch(db::Session&, const Hash256& manifest);

    /// Takes a vector for a model, or all of them away.
    static void set_vector(db::Session&, std::uint64_t model, const std::vector<float>&);
    static void forget_vectors(db::Session&);
    /// Takes all listings out of the search, so that those who follow `shelf` see it.
    static void remove_all(db::Session&);

  private:
    void refresh_text(db::Session&, std::uint64_t model);
    void refresh_facts(db::Session&, std::uint64_t model, UnixTime now);

    const chain::Deployment& deployment_;
    eth::Address own_;
    db::WordCutter cutter_;
};

}  // namespace stoa::catalogue
