#include "bench/nearest.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

#include "stoa/catalogue/sign_index.hpp"

namespace stoa::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTop = 10;

float dot(const float* a, const float* b) {
    std::array<float, 16> sums{};
    for (std::size_t i = 0; i < kDimensions; i += 16) {
        for (std::size_t k = 0; k < 16; ++k) sums[k] += a[i + k] * b[i + k];
    }
    return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

/// The numbers of the `kTop` nearest of all rows.
std::vector<std::size_t> exact(const std::vector<float>& rows, const std::vector<float>& query) {
    const std::size_t count = rows.size() / kDimensions;
    std::vector<std::pair<float, std::size_t>> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        all[i] = {-dot(rows.data() + i * kDimensions, query.data()), i};
    }
    std::ranges::partial_sort(all, all.begin() + kTop);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < kTop; ++i) found.push_back(all[i].second);
    return found;
}

}  // namespace

std::vector<float> vector_of(const Vectors& real, std::size_t number) {
    if (number < real.size()) return real[number];
    std::mt19937_64 random(number);
    std::vector<float> vector = real[random() % real.size()];
    float length = 0;
    for (float& value : vector) {
        // A sum of four uniform numbers is about normal, and the same everywhere.
        float noise = 0;
        for (int i = 0; i < 4; ++i) noise += static_cast<float>(random() >> 40) / 16'777'216.0F;
        value += (noise - 2) * 0.05F;
        length += value * value;
    }
    for (float& value : vector) value /= std::sqrt(length);
    return vector;
}

double recall(const std::vector<float>& rows, const Vectors& queries, std::size_t candidates,
              std::vector<double>* exact_ms) {
    catalogue::SignIndex signs;
    const std::size_t count = rows.size() / kDimensions;
    catalogue::Bits all(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = static_cast<catalogue::Place>(i);
        signs.set(at, catalogue::signs_of({rows.data() + i * kDimensions, kDimensions}));
        all.set(at);
    }
    std::size_t hits = 0;
    for (const auto& query : queries) {
        const auto began = Clock::now();
        const auto expected = exact(rows, query);
        if (exact_ms) {
            const std::chrono::duration<double, std::milli> took = Clock::now() - began;
            exact_ms->push_back(took.count());
        }
        std::vector<std::pair<float, std::size_t>> near;
        for (const auto at : signs.nearest(query, all, candidates)) {
            near.emplace_back(-dot(rows.data() + at * kDimensions, query.data()), at);
        }
        std::ranges::sort(near);
        for (std::size_t i = 0; i < kTop && i < near.size(); ++i) {
            hits += static_cast<std::size_t>(std::ranges::count(expected, near[i].second));
        }
    }
    return 100 * static_cast<double>(hits) / static_cast<double>(queries.size() * kTop);
}

std::vector<float> flat(const Vectors& real, std::size_t count) {
    std::vector<float> rows;
    rows.reserve(count * kDimensions);
    for (std::size_t i = 0; i < count; ++i) {
        const auto vector = vector_of(real, i);
        rows.insert(rows.end(), vector.begin(), vector.end());
    }
    return rows;
}

}  // namespace stoa::bench
