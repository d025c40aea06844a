// Search over a million listings: full text, meaning, facets and all of them together, through the
// catalogue as the node's route does, on a database of its own in a temporary folder. The listings
// are made up; 10,000 of their vectors are real ones of the model that the node serves, the others
// are those with noise. STOA_BENCH_LISTINGS and STOA_BENCH_CARDS make it fewer.
#include "stoa/catalogue/catalogue.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <numeric>
#include <random>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/eth/keccak.hpp"

#include "bench/cards.hpp"
#include "bench/embedded.hpp"
#include "bench/figure.hpp"
#include "bench/nearest.hpp"

namespace stoa::bench {
namespace {

using Clock = std::chrono::steady_clock;
using catalogue::Facet;
using catalogue::Query;

constexpr std::size_t kQueries = 300;
constexpr std::size_t kPeerQueries = 40;
constexpr std::size_t kInBlock = 5'000;
constexpr double kTarget = 50;
constexpr UnixTime kNow{std::chrono::seconds{2'000'000'000}};
constexpr auto kToken = eth::address_literal("0x00000000000000000000000000000000000000aa");

std::size_t number_in(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

chain::Deployment deployment() {
    chain::Deployment it;
    it.chain_id = 713371;
    eth::Address address{};
    for (const char* name :
         {"ModelRegistry", "Market", "Licences", "Services", "Splits", "Channels"}) {
        ++address.bytes[19];
        it.contracts.emplace(name, address);
    }
    chain::Token token;
    token.address = kToken;
    token.decimals = 6;
    it.tokens.push_back(token);
    return it;
}

class Market {
  public:
    explicit Market(const Vectors& real)
        : folder_(std::filesystem::temp_directory_path() / "stoa-bench-catalogue"), real_(real) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        database_.emplace(folder_ / "market.sqlite",
                          db::Options{.synchronous = db::Synchronous::normal});
        open();
    }
    ~Market() {
        catalogue_.reset();
        database_.reset();
        std::filesystem::remove_all(folder_);
    }

    /// Rows as the chain's events make them, with their manifests; then the catalogue derives from
    /// them what it searches, as after any block.
    void fill(std::size_t count) {
        for (std::size_t at = 0; at < count; at += kInBlock) {
            const std::size_t end = std::min(at + kInBlock, count);
            database_->write_now([&](db::Session& session) {
                for (std::size_t i = at; i < end; ++i) add(session, i);
                chain::Header header;
                header.id.number = at / kInBlock + 1;
                header.time = 1'700'000'000 + at;
                chain::Heads heads;
                heads.finalized = header.id.number;
                catalogue_->advanced(heads, std::nullopt);
                catalogue_->apply(session, header, {});
            });
            database_->write_now([&](db::Session& session) {
                for (std::size_t i = at; i < end; ++i) {
                    catalogue::Docs::set_vector(session, i + 1, vector_of(real_, i));
                }
            });
            std::fprintf(stderr, "\r  listing %zu of %zu", end, count);
        }
        std::fputs("\n", stderr);
    }

    /// As a node that is started on this data.
    double reopen() {
        catalogue_.reset();
        const auto began = Clock::now();
        open();
        return seconds_since(began);
    }

    catalogue::Page search(Query query) {
        boost::asio::io_context loop;
        std::optional<catalogue::Page> page;
        boost::asio::co_spawn(loop, catalogue_->search(std::move(query), kNow),
                              [&](std::exception_ptr thrown, catalogue::Page found) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  page = std::move(found);
                              });
        loop.run();
        return std::move(*page);
    }

    double memory_mebibytes() const {
        return static_cast<double>(catalogue_->search_memory_bytes()) / (1 << 20);
    }
    db::Database& database() { return *database_; }

  private:
    void open() { catalogue_.emplace(*database_, deployment_); }

    static void add(db::Session& session, std::size_t number) {
        const Card card = card_of(number);
        const std::string manifest = manifest_of(card);
        const Hash256 digest = eth::keccak256(manifest);
        const std::uint64_t id = number + 1;
        const auto time = static_cast<std::int64_t>(1'700'000'000 + number);
        eth::Address creator{};
        std::memcpy(creator.bytes.data(), digest.bytes.data(), 2);  // 65,536 of them
        session.run("INSERT OR IGNORE INTO manifest (digest, bytes) VALUES (?, ?)", digest,
                    as_bytes(manifest));
        session.run(
            "INSERT INTO model (id, slug, registrant, owner, pay_to, serving, call_bps, created, "
            "updated, sold, tx) VALUES (?1, ?2, ?3, ?3, NULL, 0, 0, ?4, ?4, ?5, ?6)",
            id, card.slug, creator, time, number % 97, digest);
        session.run(
            "INSERT INTO version (model, number, kind, status, reason, time, manifest, weights, "
            "cid, tx) VALUES (?, 1, 0, ?, '', ?, ?, ?, '', ?)",
            id, number % 20 == 0 ? 1 : 0, time, digest, digest, digest);
        if (number % 3 != 0) return;
        session.run(
            "INSERT INTO service (id, model, version, provider, receiver, authorizer, "
            "valid_until, endpoint, ended) VALUES (?1, ?1, 1, ?2, ?2, ?2, 4000000000, '', 0)",
            id, creator);
        session.run(
            "INSERT INTO pricing (service, effective, position, token, per_call, per_input, "
            "per_output) VALUES (?, 0, 0, ?, ?, ?, ?)",
            id, kToken, Amount{number % 200 * 10}, Amount{100'000}, Amount{400'000});
    }

    std::filesystem::path folder_;
    const Vectors& real_;
    chain::Deployment deployment_ = deployment();
    std::optional<db::Database> database_;
    std::optional<catalogue::Catalogue> catalogue_;
};

struct Times {
    std::vector<double> ms{};
    std::vector<double> processor_ms{};

    static double at(std::vector<double> all, double part) {
        std::ranges::sort(all);
        return all[std::min(all.size() - 1, static_cast<std::size_t>(part * double(all.size())))];
    }
    double median() const { return at(ms, 0.5); }
};

double processor_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Of one kind of query; the first few only warm it.
template <class Make>
Times measure(Market& market, Make make) {
    Times times;
    for (std::size_t i = 0; i < kQueries + 10; ++i) {
        Query query = make(i);
        query.limit = 24;
        const auto began = Clock::now();
        const double used = processor_ms();
        const auto page = market.search(std::move(query));
        if (i < 10) continue;
        times.processor_ms.push_back(processor_ms() - used);
        times.ms.push_back(seconds_since(began) * 1'000);
    }
    return times;
}

catalogue::FacetValues filters_of(std::size_t number) {
    const Card card = card_of(number * 7 + 1);
    catalogue::FacetValues all{{Facet::domain, card.domain},   {Facet::task, card.task},
                               {Facet::format, card.format},   {Facet::language, "de"},
                               {Facet::licence, card.licence}, {Facet::served, "true"}};
    const std::size_t first = number % all.size();
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
    all.resize(1 + number % 3);
    return all;
}

/// SQLite's own full text over the same texts: the best 24 by bm25, and how many there are.
Times plain_full_text(Market& market, std::size_t count) {
    Times times;
    market.database().write_now([&](db::Session& session) {
        session.script(
            "CREATE VIRTUAL TABLE plain USING fts5 (title, summary, tags, card, tokenize = "
            "'porter unicode61 remove_diacritics 2');"
            "INSERT INTO plain (rowid, title, summary, tags, card) "
            "SELECT model, title, summary, tags, card FROM doc;");
    });
    market.database().read_now([&](db::Session& session) {
        for (std::size_t i = 0; i < kPeerQueries; ++i) {
            std::string match = "\"";
            for (const char c : words_of(i, count)) {
                match += c == ' ' || c == '-' ? std::string("\" \"") : std::string(1, c);
            }
            match += "\"*";
            const auto began = Clock::now();
            for (auto rows = session.query(
                     "SELECT rowid FROM plain WHERE plain MATCH ? ORDER BY bm25(plain, 10, 5, 5, "
                     "1) LIMIT 24",
                     match);
                 rows.step();) {
            }
            session.first<std::int64_t>("SELECT count(*) FROM plain WHERE plain MATCH ?", match);
            times.ms.push_back(seconds_since(began) * 1'000);
        }
    });
    return times;
}

void add_latency(std::vector<Figure>& figures, const std::string& name, const Times& times,
                 const std::string& peer = "", std::optional<double> peer_median = {}) {
    const auto add = [&](const std::string& what, double value) {
        figures.push_back({"search " + name + what, value, "ms", Bound::at_most, kTarget, "", {}});
    };
    figures.push_back({"search " + name + ", median", times.median(), "ms", Bound::at_most, kTarget,
                       peer, peer_median});
    add(", p99", Times::at(times.ms, 0.99));
    add(", processor", Times::at(times.processor_ms, 0.5));
}

}  // namespace

std::vector<Figure> catalogue_search() {
    const std::size_t cards = number_in("STOA_BENCH_CARDS", 10'000);
    const std::size_t count = std::max(number_in("STOA_BENCH_LISTINGS", 1'000'000), cards);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < cards; ++i) texts.push_back(meaning_text(card_of(i)));
    const Vectors real = embedded(texts);
    std::vector<std::string> sentences;
    for (std::size_t i = 0; i < kQueries + 10; ++i) sentences.push_back(sentence_of(i));
    const Vectors meanings = embedded(sentences);

    std::vector<Figure> figures;
    const Vectors asked(meanings.begin(), meanings.begin() + 200);
    figures.push_back({"recall@10 of real cards", recall(flat(real, cards), asked, 500, {}), "%",
                       Bound::at_least, 95, "50 candidates",
                       recall(flat(real, cards), asked, 50, {})});

    Market market(real);
    const auto began = Clock::now();
    market.fill(count);
    figures.push_back({"listings taken in",
                       static_cast<double>(count) / seconds_since(began),
                       "a second",
                       Bound::at_least,
                       1'000,
                       "",
                       {}});
    figures.push_back(
        {"search ready after a start", market.reopen(), "s", Bound::at_most, 15, "", {}});
    const Times text = measure(market, [&](std::size_t i) {
        Query query;
        query.text = words_of(i, count);
        return query;
    });
    const Times meaning = measure(market, [&](std::size_t i) {
        Query query;
        query.text = sentences[i];
        query.meaning = meanings[i];
        return query;
    });
    const Times facets = measure(market, [&](std::size_t i) {
        Query query;
        query.filters = filters_of(i);
        query.sort = static_cast<catalogue::Sort>(1 + i % 3);
        return query;
    });
    const Times mixed = measure(market, [&](std::size_t i) {
        Query query;
        query.text = words_of(i, count);
        query.meaning = meanings[i];
        query.filters = filters_of(i);
        return query;
    });
    const Times everything = measure(market, [&](std::size_t) { return Query{}; });
    figures.push_back({"memory of the search", market.memory_mebibytes(), "MiB", Bound::at_most,
                       1'024, "float vectors",
                       static_cast<double>(count * kDimensions * 4) / (1 << 20)});

    const std::vector<float> rows = flat(real, count);
    Times scans;
    const Vectors few(meanings.begin(), meanings.begin() + kPeerQueries);
    const double of_all = recall(rows, few, 500, &scans.ms);
    figures.push_back({"recall@10 of all", of_all, "%", Bound::at_least, 95, "", {}});
    add_latency(figures, "by words", text, "FTS5, bm25", plain_full_text(market, count).median());
    add_latency(figures, "by meaning", meaning, "all vectors", scans.median());
    add_latency(figures, "by facets", facets);
    add_latency(figures, "by all of it", mixed);
    add_latency(figures, "for everything", everything);
    return figures;
}

}  // namespace stoa::bench
