#include "stoa/catalogue/listing_index.hpp"

#include <limits>

namespace stoa::catalogue {
namespace {

constexpr std::size_t kDeadAtLeast = 10'000;
constexpr std::size_t kManyRows = 10'000;

std::uint64_t hash_of(Bytes words, std::string_view values) {
    const std::hash<std::string_view> hash;
    return hash(as_text(words)) * 31 + hash(values);
}

}  // namespace

struct ListingIndex::Row {
    std::uint64_t model = 0;
    Listing listing;
    std::int64_t until = kForever;
    std::string values;
    Bytes words;
    Bytes signs;
};

ListingIndex::ListingIndex(const chain::Deployment& deployment, eth::Address own)
    : deployment_(deployment), own_(own) {}

bool ListingIndex::is_behind(db::Session& session, UnixTime now) const {
    if (!due_.empty() && due_.top().first <= unix_seconds(now)) return true;
    return session.first<std::int64_t>("SELECT coalesce(max(revision), 0) FROM shelf").value() >
           revision_;
}

void ListingIndex::catch_up(db::Session& session, UnixTime now) {
    {
        const auto lock = reading();
        if (!is_behind(session, now)) return;
    }
    const std::unique_lock lock(mutex_);
    if (dead_ > kDeadAtLeast && dead_ > listings_.size() / 3) forget();
    read(session, now);
    facets_.settle();
}

void ListingIndex::read(db::Session& session, UnixTime now) {
    std::vector<std::uint64_t> due;
    for (; !due_.empty() && due_.top().first <= unix_seconds(now); due_.pop()) {
        due.push_back(due_.top().second);
    }
    std::size_t count = 0;
    const auto take = [&](const db::Statement& row) {
        if (row.get<bool>(2)) return remove(row.get<std::uint64_t>(0));
        Row it;
        it.model = row.get<std::uint64_t>(0);
        it.listing = {
            it.model, row.get<std::int64_t>(3), row.get<std::uint64_t>(4),
            row.get<std::optional<double>>(5).value_or(std::numeric_limits<double>::infinity())};
        it.until = row.get<std::int64_t>(6);
        it.values = row.get<std::string>(7);
        it.words = row.get<Bytes>(8);
        if (!row.is_null(9)) it.signs = row.get<Bytes>(9);
        put(session, it, now);
    };
#define STOA_SHELF \
    "SELECT model, revision, gone, created, sold, price, until, facets, words, signs "
    for (auto rows = session.query(STOA_SHELF "FROM shelf WHERE revision > ? ORDER BY revision, "
                                              "model",
                                   revision_);
         rows.step(); ++count) {
        take(rows);
        revision_ = rows.get<std::int64_t>(1);
    }
    for (const std::uint64_t model : due) {
        auto rows = session.query(STOA_SHELF "FROM shelf WHERE model = ?", model);
        if (rows.step()) take(rows);
    }
#undef STOA_SHELF
    if (count >= kManyRows) words_.shrink();
}

void ListingIndex::put(db::Session& session, Row& row, UnixTime now) {
    if (row.until <= unix_seconds(now)) {
        const auto facts = facts_of(session, row.model, deployment_, own_, now);
        if (!facts) return remove(row.model);
        row.listing.price = facts->price.value_or(std::numeric_limits<double>::infinity());
        row.values = to_lines(facts->values);
        row.until = facts->until;
    }
    if (row.until != kForever) due_.emplace(row.until, row.model);
    const std::uint64_t content = hash_of(row.words, row.values);
    const auto known = place_of_.find(row.model);
    Place at = 0;
    if (known != place_of_.end() && contents_[known->second] == content) {
        at = known->second;
        listings_[at] = row.listing;
    } else {
        remove(row.model);
        at = static_cast<Place>(listings_.size());
        listings_.push_back(row.listing);
        contents_.push_back(content);
        place_of_.emplace(row.model, at);
        live_.grow(listings_.size());
        live_.set(at);
        facets_.add(at, parse_lines(row.values));
        words_.add(at, row.words);
    }
    signs_.set(at, row.signs);
}

void ListingIndex::remove(std::uint64_t model) {
    const auto known = place_of_.find(model);
    if (known == place_of_.end()) return;
    live_.clear(known->second);
    signs_.set(known->second, {});
    place_of_.erase(known);
    ++dead_;
}

void ListingIndex::forget() {
    revision_ = 0;
    listings_.clear();
    contents_.clear();
    place_of_.clear();
    live_ = {};
    dead_ = 0;
    facets_ = {};
    words_ = {};
    signs_ = {};
    due_ = {};
}

std::size_t ListingIndex::memory_bytes() const {
    return listings_.capacity() * sizeof(Listing) + contents_.capacity() * 8 +
           place_of_.size() * 40 + facets_.memory_bytes() + words_.memory_bytes() +
           signs_.memory_bytes();
}

}  // namespace stoa::catalogue
