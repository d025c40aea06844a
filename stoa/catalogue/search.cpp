#include <algorithm>
#include <cmath>
#include <cstring>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/catalogue/rows.hpp"

namespace stoa::catalogue {
namespace {

constexpr std::size_t kMaxFacetValues = 40;
constexpr std::size_t kNearest = 500;    ///< By signs, to be compared by their vectors.
constexpr double kLeastLikeness = 0.25;  ///< What is less alike isn't meant.
constexpr double kMeaningsPart = 0.5;    ///< Of the relevance; the words have the rest.

/// Cosines of a query's meaning with listings', read once each.
class Likeness {
  public:
    Likeness(db::Session& session, const ListingIndex& index, const std::vector<float>& meaning)
        : session_(session), index_(index), meaning_(meaning) {}

    /// 0 where there's no vector.
    double of(Place at) {
        const auto [it, is_new] = known_.try_emplace(at, 0.0);
        if (is_new && !meaning_.empty() && index_.signs().places().test(at)) it->second = read(at);
        return it->second;
    }

  private:
    double read(Place at) {
        auto rows =
            session_.query("SELECT bytes FROM vector WHERE model = ?", index_.listings()[at].model);
        if (!rows.step()) return 0;
        const Bytes bytes = rows.get<Bytes>(0);
        if (bytes.size() != meaning_.size() * sizeof(float)) return 0;
        vector_.resize(meaning_.size());
        std::memcpy(vector_.data(), bytes.data(), bytes.size());
        float sum = 0;
        for (std::size_t i = 0; i < vector_.size(); ++i) sum += vector_[i] * meaning_[i];
        return double{sum};
    }

    db::Session& session_;
    const ListingIndex& index_;
    const std::vector<float>& meaning_;
    std::unordered_map<Place, double> known_;
    std::vector<float> vector_;
};

/// One query over the index, while that is being read.
class Search {
  public:
    Search(db::Session& session, const ListingIndex& index, const Query& query)
        : index_(index), query_(query), likeness_(session, index, query.meaning) {
        db::WordCutter cutter;
        const auto words = query_words(cutter, query.text);
        if (!words.empty()) words_ = index.words().find(words, index.live());
        for (const auto& [facet, value] : query.filters) {
            by_facet_[static_cast<std::size_t>(facet)].push_back(value);
        }
        for (std::size_t i = 0; i < kFacets; ++i) {
            if (by_facet_[i].empty()) continue;
            filters_[i] =
                index.facets().any_of(static_cast<Facet>(i), by_facet_[i], index.listings().size());
        }
        found_ = find(std::nullopt);
        if (sort() == Sort::relevance) rank();
    }

    void count(Page& page) {
        page.total = found_.count();
        for (std::size_t i = 0; i < kCountedFacets; ++i) {
            const auto facet = static_cast<Facet>(i);
            page.facets[i] = filters_[i]
                                 ? index_.facets().counts(facet, find(facet), kMaxFacetValues)
                                 : index_.facets().counts(facet, found_, kMaxFacetValues);
        }
    }

    /// The first `count` behind the cursor, in order.
    std::vector<Cursor> first(std::size_t count) {
        std::vector<Cursor> best;  // a heap, the last one on top
        if (count == 0) return best;
        // The newest have the highest places, so the heap is soon full of what stays.
        found_.for_each_down([&](Place at) {
            const auto& listing = index_.listings()[at];
            const Cursor it{key(at), listing.created, listing.model};
            if (best.size() == count && !before(it, best.front())) return;
            if (query_.after && !before(*query_.after, it)) return;
            if (best.size() == count) {
                std::ranges::pop_heap(best, before);
                best.pop_back();
            }
            best.push_back(it);
            std::ranges::push_heap(best, before);
        });
        std::ranges::sort(best, before);
        return best;
    }

  private:
    Sort sort() const {
        return query_.sort.value_or(query_.text.empty() ? Sort::newest : Sort::relevance);
    }

    /// A total order, newest first among equals, so that pages join without gaps.
    static bool before(const Cursor& a, const Cursor& b) {
        if (a.key != b.key) return a.key < b.key;
        if (a.created != b.created) return a.created > b.created;
        return a.model > b.model;
    }

    double key(Place at) const {
        switch (sort()) {
            case Sort::relevance: return words_ ? -double{words_->scores[at]} : 0;
            case Sort::price: return index_.listings()[at].price;
            case Sort::popular: return -static_cast<double>(index_.listings()[at].sold);
            case Sort::newest: break;
        }
        return 0;
    }

    /// What passes the filters but those of `without`, and has the words or is near in meaning.
    Bits find(std::optional<Facet> without) {
        Bits all = index_.live();
        for (std::size_t i = 0; i < kFacets; ++i) {
            if (filters_[i] && static_cast<Facet>(i) != without) all &= *filters_[i];
        }
        if (query_.text.empty()) return all;
        Bits near(index_.listings().size());
        if (!query_.meaning.empty()) {
            for (const Place at : index_.signs().nearest(query_.meaning, all, kNearest)) {
                if (likeness_.of(at) >= kLeastLikeness) near.set(at);
            }
        }
        if (words_) {
            all &= words_->places;
            near |= all;
        }
        return near;
    }

    /// A convex combination of both scores (docs/decisions/0006). Of the listings that have the
    /// words but aren't near, only those that the words rank first are compared by meaning.
    void rank() {
        const std::size_t places = index_.live().words().size() * 64;
        if (!words_) words_ = WordMatch{Bits(places), std::vector<float>(places)};
        std::vector<std::pair<float, Place>> candidates;
        Bits far = found_;
        if (!query_.meaning.empty()) {
            for (const Place at : index_.signs().nearest(query_.meaning, found_, kNearest)) {
                candidates.emplace_back(words_->scores[at], at);
                far.clear(at);
            }
            const auto heavier = [](const auto& a, const auto& b) {
                return a.first != b.first ? a.first > b.first : a.second > b.second;
            };
            std::vector<std::pair<float, Place>> by_words;
            far.for_each([&](Place at) { by_words.emplace_back(words_->scores[at], at); });
            if (by_words.size() > kNearest) {
                std::ranges::nth_element(
                    by_words, by_words.begin() + static_cast<std::ptrdiff_t>(kNearest), heavier);
                by_words.resize(kNearest);
            }
            candidates.insert(candidates.end(), by_words.begin(), by_words.end());
        }
        for (const auto& [score, at] : candidates) {
            const double like = std::max(likeness_.of(at), 0.0);
            words_->scores[at] =
                static_cast<float>((1 - kMeaningsPart) * double{score} + kMeaningsPart * like);
            far.clear(at);
        }
        if (candidates.empty()) return;
        far.for_each(
            [&](Place at) { words_->scores[at] *= static_cast<float>(1 - kMeaningsPart); });
    }

    const ListingIndex& index_;
    const Query& query_;
    Likeness likeness_;
    std::optional<WordMatch> words_;  ///< Its scores become the relevance.
    std::array<std::vector<std::string>, kFacets> by_facet_;
    std::array<std::optional<Bits>, kFacets> filters_;
    Bits found_;
};

}  // namespace

Task<Page> Catalogue::search(Query query, UnixTime now) {
    co_return co_await database_.read([&](db::Session& session) {
        index_.catch_up(session, now);
        Page page;
        std::vector<Cursor> order;
        const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxPage);
        {
            const auto lock = index_.reading();
            Search search(session, index_, query);
            search.count(page);
            order = search.first(limit + 1);
        }
        if (order.size() > limit) {
            order.pop_back();
            page.next = order.back();
        }
        for (const Cursor& it : order) {
            if (auto summary = summary_of(session, it.model, own_provider_, now)) {
                page.items.push_back(std::move(*summary));
            }
        }
        return page;
    });
}

std::size_t Catalogue::search_memory_bytes() const {
    const auto lock = index_.reading();
    return index_.memory_bytes();
}

Task<void> Catalogue::use_embedder(Hash256 weights) {
    co_await database_.write([&](db::Session& session) {
        if (session.first<Hash256>("SELECT weights FROM embedder") == weights) return;
        Docs::forget_vectors(session);
        session.script("DELETE FROM embedder;");
        session.run("INSERT INTO embedder (weights) VALUES (?)", weights);
    });
}

Task<std::vector<std::pair<std::uint64_t, std::string>>> Catalogue::without_meaning(
    std::size_t limit) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<std::uint64_t, std::string>> texts;
        for (auto rows = session.query("SELECT model, title || '. ' || summary || ' ' || "
                                       "replace(tags, char(10), ', ') FROM doc "
                                       "WHERE embedded = 0 AND summary <> '' LIMIT ?",
                                       limit);
             rows.step();) {
            texts.emplace_back(rows.get<std::uint64_t>(0), rows.get<std::string>(1));
        }
        return texts;
    });
}

Task<void> Catalogue::set_meaning(std::uint64_t model, std::vector<float> vector) {
    co_await database_.write(
        [&](db::Session& session) { Docs::set_vector(session, model, vector); });
}

}  // namespace stoa::catalogue
