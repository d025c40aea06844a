// What search keeps in memory of every listing: signs of its meaning, its words, its facets' values
// and what it is sorted by. All of it follows the table `shelf`, whose rows carry the revision in
// which they changed: a search first catches up with the revisions that its snapshot has, so it
// never answers from something that was rolled back or taken back with a block.
//
// A listing has a place. Where its words or facets change it gets a new one, and the old place is
// dead: sets only ever grow, and everything is read anew once too many places are dead.
#pragma once

#include <mutex>
#include <queue>
#include <shared_mutex>

#include "stoa/catalogue/facet_index.hpp"
#include "stoa/catalogue/facts.hpp"
#include "stoa/catalogue/sign_index.hpp"
#include "stoa/catalogue/word_index.hpp"

namespace stoa::catalogue {

class ListingIndex {
  public:
    /// `own` as in `shown_service`.
    ListingIndex(const chain::Deployment&, eth::Address own);

    /// Brings it to what the session sees at `now`. Any thread; blocks those that read.
    void catch_up(db::Session&, UnixTime now);

    /// While it's held nothing below changes.
    std::shared_lock<std::shared_mutex> reading() const { return std::shared_lock(mutex_); }

    // To be used while reading.

    struct Listing {
        std::uint64_t model = 0;
        std::int64_t created = 0;
        std::uint64_t sold = 0;
        double price = 0;  ///< Infinite where nobody serves it.
    };
    const std::vector<Listing>& listings() const { return listings_; }  ///< By place.
    const Bits& live() const { return live_; }
    const FacetIndex& facets() const { return facets_; }
    const WordIndex& words() const { return words_; }
    const SignIndex& signs() const { return signs_; }
    std::size_t memory_bytes() const;

  private:
    struct Row;
    void read(db::Session&, UnixTime now);
    void put(db::Session&, Row&, UnixTime now);
    void remove(std::uint64_t model);
    void forget();
    bool is_behind(db::Session&, UnixTime now) const;

    const chain::Deployment& deployment_;
    eth::Address own_;
    mutable std::shared_mutex mutex_;

    std::int64_t revision_ = 0;
    std::vector<Listing> listings_;
    std::vector<std::uint64_t> contents_;  ///< By place: a hash of its words and facets.
    std::unordered_map<std::uint64_t, Place> place_of_;
    Bits live_;
    std::size_t dead_ = 0;
    FacetIndex facets_;
    WordIndex words_;
    SignIndex signs_;
    /// (time, model) of listings that time alone will change, the next first.
    std::priority_queue<std::pair<std::int64_t, std::uint64_t>,
                        std::vector<std::pair<std::int64_t, std::uint64_t>>, std::greater<>>
        due_;
};

}  // namespace stoa::catalogue
