#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/catalogue/rows.hpp"

namespace stoa::catalogue {
namespace {

constexpr std::size_t kMaxTerms = 16;
constexpr std::size_t kMaxFacetValues = 20;
constexpr double kRankConstant = 60;  ///< Of reciprocal rank fusion (Cormack et al., 2009).
constexpr double kLeastLikeness = 0.25;

/// Words as FTS5 strings, each a prefix, all required; nothing a caller writes is syntax.
std::string match_of(std::string_view text) {
    std::string match;
    std::string word;
    std::size_t words = 0;
    const auto flush = [&] {
        if (!word.empty() && words < kMaxTerms) {
            match += (match.empty() ? "\"" : " \"") + word + "\"*";
            ++words;
        }
        word.clear();
    };
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 || std::isalnum(byte)) {
            word += c;
        } else {
            flush();
        }
    }
    flush();
    return match;
}

struct Candidate {
    std::uint64_t id = 0;
    std::string task;
    std::string licence;
    std::string tags;
    std::int64_t created = 0;
    std::uint64_t sold = 0;
    std::optional<double> text_score;  ///< bm25: smaller is better.
    double likeness = 0;               ///< Cosine of the meanings.
    double relevance = 0;
    std::optional<Amount> price;
};

double likeness(Bytes vector, const std::vector<float>& meaning) {
    if (meaning.empty() || vector.size() != meaning.size() * sizeof(float)) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < meaning.size(); ++i) {
        float value;
        std::memcpy(&value, vector.data() + i * sizeof value, sizeof value);
        sum += double{value} * double{meaning[i]};
    }
    return sum;
}

std::unordered_map<std::uint64_t, double> text_scores(db::Session& session,
                                                      const std::string& match) {
    std::unordered_map<std::uint64_t, double> scores;
    for (auto rows = session.query("SELECT rowid, bm25(doc_text, 10, 8, 5, 5, 1) FROM doc_text "
                                   "WHERE doc_text MATCH ?",
                                   match);
         rows.step();) {
        scores.emplace(rows.get<std::uint64_t>(0), rows.get<double>(1));
    }
    return scores;
}

bool has_tag(std::string_view tags, std::string_view tag) {
    while (!tags.empty()) {
        const std::size_t end = std::min(tags.find('\n'), tags.size());
        if (tags.substr(0, end) == tag) return true;
        tags.remove_prefix(std::min(end + 1, tags.size()));
    }
    return false;
}

/// What the filters leave, with all that sorting and facets need.
std::vector<Candidate> candidates(db::Session& session, const Query& query) {
    const std::string match = match_of(query.text);
    const bool has_text = !query.text.empty();
    std::unordered_map<std::uint64_t, double> scores;
    if (!match.empty()) scores = text_scores(session, match);
    std::vector<Candidate> found;
    for (auto rows = session.query(
             "SELECT m.id, d.task, d.licence, d.tags, m.created, m.sold, d.vector FROM model m "
             "JOIN doc d ON d.model = m.id WHERE (?1 IS NULL OR d.task = ?1) "
             "AND (?2 IS NULL OR d.licence = ?2) AND (?3 IS NULL OR m.registrant = ?3)",
             query.task, query.licence, query.creator);
         rows.step();) {
        Candidate it;
        it.id = rows.get<std::uint64_t>(0);
        const auto score = scores.find(it.id);
        if (score != scores.end()) it.text_score = score->second;
        if (!rows.is_null(6)) it.likeness = likeness(rows.get<Bytes>(6), query.meaning);
        if (has_text && !it.text_score && it.likeness < kLeastLikeness) continue;
        it.tags = rows.get<std::string>(3);
        if (query.tag && !has_tag(it.tags, *query.tag)) continue;
        it.task = rows.get<std::string>(1);
        it.licence = rows.get<std::string>(2);
        it.created = rows.get<std::int64_t>(4);
        it.sold = rows.get<std::uint64_t>(5);
        found.push_back(std::move(it));
    }
    return found;
}

/// Reciprocal rank fusion of the words' and the meaning's order.
void rank(std::vector<Candidate>& found) {
    std::vector<Candidate*> order;
    for (Candidate& it : found) order.push_back(&it);
    std::ranges::sort(order, [](const Candidate* a, const Candidate* b) {
        return a->text_score.value_or(1e9) < b->text_score.value_or(1e9);
    });
    for (std::size_t i = 0; i < order.size() && order[i]->text_score; ++i) {
        order[i]->relevance += 1 / (kRankConstant + static_cast<double>(i));
    }
    std::ranges::sort(
        order, [](const Candidate* a, const Candidate* b) { return a->likeness > b->likeness; });
    for (std::size_t i = 0; i < order.size() && order[i]->likeness >= kLeastLikeness; ++i) {
        order[i]->relevance += 1 / (kRankConstant + static_cast<double>(i));
    }
}

void price(db::Session& session, std::vector<Candidate>& found, const eth::Address& own,
           UnixTime now) {
    for (Candidate& it : found) {
        const auto service = shown_service(services_of_model(session, it.id, now), own, now);
        if (service) it.price = payment::cost(service->price, kTypicalCall);
    }
}

/// A total order, newest first among equals, so that pages join without gaps.
void order(std::vector<Candidate>& found, Sort sort) {
    std::ranges::sort(found, [&](const Candidate& a, const Candidate& b) {
        switch (sort) {
            case Sort::relevance:
                if (a.relevance != b.relevance) return a.relevance > b.relevance;
                break;
            case Sort::price:
                if (a.price.has_value() != b.price.has_value()) return a.price.has_value();
                if (a.price && !(*a.price == *b.price)) return *a.price < *b.price;
                break;
            case Sort::popular:
                if (a.sold != b.sold) return a.sold > b.sold;
                break;
            case Sort::newest: break;
        }
        if (a.created != b.created) return a.created > b.created;
        return a.id > b.id;
    });
}

std::vector<FacetValue> facet(const std::map<std::string, std::size_t>& counts) {
    std::vector<FacetValue> values;
    for (const auto& [value, count] : counts) {
        if (!value.empty()) values.push_back({value, count});
    }
    std::ranges::stable_sort(values, std::ranges::greater{}, &FacetValue::count);
    if (values.size() > kMaxFacetValues) values.resize(kMaxFacetValues);
    return values;
}

void add_facets(Page& page, const std::vector<Candidate>& found) {
    std::map<std::string, std::size_t> tasks;
    std::map<std::string, std::size_t> licences;
    std::map<std::string, std::size_t> tags;
    for (const Candidate& it : found) {
        ++tasks[it.task];
        ++licences[it.licence];
        for (std::string_view rest = it.tags; !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            ++tags[std::string(rest.substr(0, end))];
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    page.tasks = facet(tasks);
    page.licences = facet(licences);
    page.tags = facet(tags);
}

Page page_of(db::Session& session, const Query& query, const eth::Address& own, UnixTime now) {
    std::vector<Candidate> found = candidates(session, query);
    const Sort sort = query.sort.value_or(query.text.empty() ? Sort::newest : Sort::relevance);
    if (query.served || sort == Sort::price) price(session, found, own, now);
    if (query.served) std::erase_if(found, [](const Candidate& it) { return !it.price; });
    if (sort == Sort::relevance) rank(found);
    order(found, sort);

    Page page;
    page.total = found.size();
    add_facets(page, found);
    auto it = found.begin();
    if (query.after) {
        it = std::ranges::find(found, *query.after, &Candidate::id);
        if (it != found.end()) ++it;
    }
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxPage);
    for (; it != found.end() && page.items.size() < limit; ++it) {
        if (auto summary = summary_of(session, it->id, own, now)) {
            page.items.push_back(std::move(*summary));
        }
    }
    if (it != found.end() && !page.items.empty()) page.next = page.items.back().id;
    return page;
}

}  // namespace

Task<Page> Catalogue::search(Query query, UnixTime now) {
    co_return co_await database_.read(
        [&](db::Session& session) { return page_of(session, query, own_provider_, now); });
}

Task<void> Catalogue::use_embedder(Hash256 weights) {
    co_await database_.write([&](db::Session& session) {
        if (session.first<Hash256>("SELECT weights FROM embedder") == weights) return;
        session.script("UPDATE doc SET vector = NULL; DELETE FROM embedder;");
        session.run("INSERT INTO embedder (weights) VALUES (?)", weights);
    });
}

Task<std::vector<std::pair<std::uint64_t, std::string>>> Catalogue::without_meaning(
    std::size_t limit) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<std::uint64_t, std::string>> texts;
        for (auto rows = session.query("SELECT model, title || '. ' || summary || ' ' || "
                                       "replace(tags, char(10), ', ') FROM doc "
                                       "WHERE vector IS NULL AND summary <> '' LIMIT ?",
                                       limit);
             rows.step();) {
            texts.emplace_back(rows.get<std::uint64_t>(0), rows.get<std::string>(1));
        }
        return texts;
    });
}

Task<void> Catalogue::set_meaning(std::uint64_t model, std::vector<float> vector) {
    co_await database_.write([&](db::Session& session) {
        const Bytes bytes{reinterpret_cast<const std::uint8_t*>(vector.data()),
                          vector.size() * sizeof(float)};
        session.run("UPDATE doc SET vector = ? WHERE model = ?", bytes, model);
    });
}

}  // namespace stoa::catalogue
