// The sets, words, facets and signs that search is made of, each against the plain way to do it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <set>

#include "stoa/catalogue/bit_kernels.hpp"
#include "stoa/catalogue/facet_index.hpp"
#include "stoa/catalogue/sign_index.hpp"
#include "stoa/catalogue/word_index.hpp"

namespace stoa::catalogue {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Place> places_of(const Bits& bits) {
    std::vector<Place> places;
    bits.for_each([&](Place at) { places.push_back(at); });
    return places;
}

TEST(BitKernels, all_that_this_processor_has_count_alike) {
    std::mt19937_64 random(7);
    for (const std::size_t words : {1U, 6U, 12U}) {
        std::vector<std::uint64_t> rows(5 * kRowsInBlock * words);
        std::vector<std::uint64_t> query(words);
        for (auto& word : rows) word = random();
        for (auto& word : query) word = random();
        std::array<const BitKernels*, 4> kernels{};
        const std::size_t count = usable_kernels(kernels.data(), kernels.size());
        ASSERT_GE(count, 1u);
        for (std::size_t i = 0; i < count; ++i) {
            std::vector<std::uint16_t> found(5 * kRowsInBlock);
            kernels[i]->distances(rows.data(), 5, words, query.data(), found.data());
            for (std::size_t row = 0; row < found.size(); ++row) {
                int distance = 0;
                for (std::size_t word = 0; word < words; ++word) {
                    const std::size_t at = (row / 8 * words + word) * 8 + row % 8;
                    distance += std::popcount(rows[at] ^ query[word]);
                }
                EXPECT_EQ(found[row], distance) << kernels[i]->name << " row " << row;
            }
            std::size_t both = 0;
            for (std::size_t word = 0; word < words; ++word) {
                both += static_cast<std::size_t>(std::popcount(rows[word] & query[word]));
            }
            EXPECT_EQ(kernels[i]->count_both(rows.data(), query.data(), words), both);
        }
    }
}

TEST(IdSet, is_the_same_set_as_a_list_and_as_bits) {
    std::mt19937 random(3);
    for (const unsigned one_in : {2U, 40U, 900U}) {
        IdSet ids;
        std::set<Place> plain;
        for (Place at = 0; at < 200'000; ++at) {
            if (random() % one_in != 0) continue;
            ids.add(at);
            ids.add(at);
            plain.insert(at);
        }
        Bits base(200'000);
        std::size_t both = 0;
        for (Place at = 0; at < 200'000; at += 3) {
            base.set(at);
            both += plain.count(at);
        }
        EXPECT_EQ(ids.size(), plain.size());
        EXPECT_EQ(ids.count_in(base), both);
        Bits all(200'000);
        ids.add_to(all);
        EXPECT_EQ(places_of(all), std::vector<Place>(plain.begin(), plain.end()));
        all -= base;
        EXPECT_EQ(all.count(), plain.size() - both);
    }
}

TEST(Bits, are_walked_in_both_directions) {
    Bits bits(200);
    for (const Place at : {0U, 63U, 64U, 199U}) bits.set(at);
    std::vector<Place> down;
    bits.for_each_down([&](Place at) { down.push_back(at); });
    EXPECT_THAT(down, ElementsAre(199, 64, 63, 0));
    EXPECT_THAT(places_of(bits), ElementsAre(0, 63, 64, 199));
    EXPECT_FALSE(bits.test(100'000));
}

TEST(Facets, bands_belong_to_what_they_begin_with) {
    EXPECT_EQ(price_band(0), "free");
    EXPECT_EQ(price_band(0.000999), "under-0.001");
    EXPECT_EQ(price_band(0.001), "0.001-0.01");
    EXPECT_EQ(price_band(0.01), "0.01-0.1");
    EXPECT_EQ(price_band(0.1), "over-0.1");
    EXPECT_EQ(size_band(99'999'999), "under-100MB");
    EXPECT_EQ(size_band(100'000'000), "100MB-1GB");
    EXPECT_EQ(size_band(999'999'999), "100MB-1GB");
    EXPECT_EQ(size_band(10'000'000'000), "10-100GB");
    EXPECT_EQ(size_band(100'000'000'000), "over-100GB");
}

TEST(Facets, are_the_same_behind_lines_and_what_lines_cannot_hold_is_left_out) {
    const FacetValues values{{Facet::task, "text-generation"}, {Facet::tag, "a b"}};
    EXPECT_EQ(parse_lines(to_lines(values)), values);
    EXPECT_EQ(to_lines({{Facet::tag, "a\tb"}, {Facet::tag, "a\nb"}, {Facet::tag, ""}}), "");
    EXPECT_THAT(parse_lines("nonsense\nunknown\tx\n"), IsEmpty());
    EXPECT_EQ(facet_named("languages"), std::nullopt);
    for (std::size_t i = 0; i < kFacets; ++i) {
        EXPECT_EQ(facet_named(kFacetNames[i]), static_cast<Facet>(i));
    }
}

TEST(FacetIndex, finds_the_most_frequent_values_of_any_part_as_counting_all_does) {
    std::mt19937 random(11);
    FacetIndex index;
    std::map<std::string, std::size_t> plain;
    Bits base(20'000);
    for (Place at = 0; at < 20'000; ++at) {
        // Few are frequent and many rare, as tags are.
        const auto tag = "t" + std::to_string(random() % (1 + random() % 500));
        index.add(at, {{Facet::tag, tag}, {Facet::task, at % 2 ? "odd" : "even"}});
        if (at % 7 != 0 || tag == "t0") continue;
        base.set(at);
        ++plain[tag];
    }
    index.settle();
    std::vector<std::pair<std::string, std::size_t>> expected(plain.begin(), plain.end());
    std::ranges::stable_sort(expected, std::ranges::greater{},
                             &std::pair<std::string, std::size_t>::second);
    const auto counts = index.counts(Facet::tag, base, 10);
    ASSERT_EQ(counts.size(), 10u);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        EXPECT_EQ(counts[i].value, expected[i].first);
        EXPECT_EQ(counts[i].count, expected[i].second);
    }
    EXPECT_EQ(index.any_of(Facet::task, {"odd", "even"}, 20'000).count(), 20'000u);
    EXPECT_EQ(index.any_of(Facet::task, {"odd", "none"}, 20'000).count(), 10'000u);
    EXPECT_THAT(index.counts(Facet::domain, base, 10), IsEmpty());
}

class WordIndexTest : public testing::Test {
  protected:
    void add(const std::string& title, const std::string& head, const std::string& card) {
        index_.add(next_, words_of(cutter_, {title, head, card}));
        live_.grow(next_ + 1);
        live_.set(next_++);
    }
    WordMatch find(std::string_view text) { return index_.find(query_words(cutter_, text), live_); }
    std::vector<Place> found(std::string_view text) { return places_of(find(text).places); }

    db::WordCutter cutter_;
    WordIndex index_;
    Bits live_;
    Place next_ = 0;
};

TEST_F(WordIndexTest, all_words_are_needed_and_endings_case_and_accents_are_not) {
    add("Résumé reader", "Summarises applications", "");
    add("Reader", "Reads aloud", "For applications of all kinds");
    EXPECT_THAT(found("resume"), ElementsAre(0));
    EXPECT_THAT(found("READER applications"), ElementsAre(0, 1));
    EXPECT_THAT(found("summarised application"), ElementsAre(0));
    EXPECT_THAT(found("reader nothing"), IsEmpty());
    EXPECT_THAT(found("\") OR \"*"), IsEmpty());
    EXPECT_THAT(query_words(cutter_, " ,;. "), IsEmpty());
}

TEST_F(WordIndexTest, only_the_word_that_is_being_typed_may_go_on) {
    add("Children", "", "");
    add("Chart", "", "");
    EXPECT_THAT(found("chil"), ElementsAre(0));
    EXPECT_THAT(found("ch"), IsEmpty()) << "two letters begin too much";
    EXPECT_THAT(found("cha"), ElementsAre(1));
    EXPECT_THAT(found("chil "), IsEmpty()) << "a word that is finished";
}

TEST_F(WordIndexTest, a_word_in_the_name_weighs_more_and_a_rare_word_too) {
    add("Plain", "", "medical");
    add("Plain", "medical", "");
    add("Medical", "", "");
    add("Medicalese", "", "");
    const auto match = find("medical");
    EXPECT_THAT(places_of(match.places), ElementsAre(0, 1, 2, 3));
    EXPECT_GT(match.scores[2], match.scores[1]);
    EXPECT_GT(match.scores[1], match.scores[0]);
    EXPECT_GT(match.scores[2], match.scores[3]);
    EXPECT_FLOAT_EQ(match.scores[2], 1);
    EXPECT_LE(find("plain medical").scores[1], 1);
}

TEST_F(WordIndexTest, what_is_dead_is_not_found) {
    add("Stories", "", "");
    add("Stories", "", "");
    live_.clear(0);
    EXPECT_THAT(found("stories"), ElementsAre(1));
}

TEST_F(WordIndexTest, bytes_that_are_no_words_are_read_within_their_bounds) {
    const ByteVector cut{2, 200, 'a', 'b'};
    index_.add(0, cut);
    const ByteVector part{9, 1, 'c', 0};
    index_.add(1, part);
    live_.grow(2);
    live_.set(0);
    live_.set(1);
    EXPECT_THAT(found("ab"), ElementsAre(0));
    EXPECT_THAT(found("c"), ElementsAre(1));
}

std::vector<float> random_vector(std::mt19937& random, std::size_t size) {
    std::normal_distribution<float> normal;
    std::vector<float> vector(size);
    for (float& value : vector) value = normal(random);
    return vector;
}

TEST(SignIndex, finds_those_with_the_fewest_bits_that_differ) {
    std::mt19937 random(5);
    SignIndex index;
    std::vector<ByteVector> rows;
    for (Place at = 0; at < 1'000; ++at) {
        rows.push_back(signs_of(random_vector(random, 384)));
        index.set(at, rows.back());
    }
    const auto query = random_vector(random, 384);
    const ByteVector signs = signs_of(query);
    Bits among(1'000);
    std::vector<std::pair<int, Place>> expected;
    for (Place at = 0; at < 1'000; at += 2) {
        among.set(at);
        int distance = 0;
        for (std::size_t i = 0; i < signs.size(); ++i) {
            distance += std::popcount(static_cast<unsigned>(signs[i] ^ rows[at][i]));
        }
        expected.emplace_back(distance, at);
    }
    std::ranges::sort(expected);
    std::vector<Place> nearest;
    for (std::size_t i = 0; i < 50; ++i) nearest.push_back(expected[i].second);
    std::ranges::sort(nearest);
    EXPECT_EQ(index.nearest(query, among, 50), nearest);
    EXPECT_EQ(index.nearest(query, among, 10'000).size(), 500u);
    EXPECT_THAT(index.nearest(random_vector(random, 64), among, 10), IsEmpty());
}

TEST(SignIndex, forgets_what_is_taken_away_or_of_another_length) {
    SignIndex index;
    const std::vector<float> vector(70, 1.0F);
    index.set(3, signs_of(vector));
    Bits among(4);
    among.set(3);
    EXPECT_THAT(index.nearest(vector, among, 5), ElementsAre(3));
    index.set(3, signs_of(std::vector<float>(384, 1.0F)));
    EXPECT_THAT(index.nearest(vector, among, 5), IsEmpty());
    index.clear();
    index.set(3, signs_of(std::vector<float>(384, 1.0F)));
    EXPECT_THAT(index.nearest(std::vector<float>(384, 1.0F), among, 5), ElementsAre(3));
}

}  // namespace
}  // namespace stoa::catalogue
