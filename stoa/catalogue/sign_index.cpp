#include "stoa/catalogue/sign_index.hpp"

#include <algorithm>
#include <cstring>

#include "stoa/catalogue/bit_kernels.hpp"

namespace stoa::catalogue {

ByteVector signs_of(std::span<const float> vector) {
    ByteVector signs((vector.size() + 63) / 64 * 8);
    for (std::size_t i = 0; i < vector.size(); ++i) {
        if (vector[i] > 0) signs[i / 8] = static_cast<std::uint8_t>(signs[i / 8] | 1U << i % 8);
    }
    return signs;
}

void SignIndex::set(Place at, Bytes signs) {
    const std::size_t words = signs.size() / 8;
    if (words_ == 0) words_ = words;
    has_.grow(std::size_t{at} + 1);
    if (words == 0 || words != words_) return has_.clear(at);
    const std::size_t block = at / kRowsInBlock;
    const std::size_t needed = (block + 1) * kRowsInBlock * words_;
    if (rows_.size() < needed) {
        if (rows_.capacity() < needed) rows_.reserve(needed + needed / 4);
        rows_.resize(needed);
    }
    std::uint64_t* row = rows_.data() + block * kRowsInBlock * words_ + at % kRowsInBlock;
    for (std::size_t word = 0; word < words_; ++word) {
        std::memcpy(row + word * kRowsInBlock, signs.data() + word * 8, 8);
    }
    has_.set(at);
}

void SignIndex::clear() {
    words_ = 0;
    rows_.clear();
    has_ = {};
}

std::vector<Place> SignIndex::nearest(std::span<const float> meaning, const Bits& among,
                                      std::size_t limit) const {
    const ByteVector signs = signs_of(meaning);
    if (words_ == 0 || signs.size() != words_ * 8) return {};
    std::vector<std::uint64_t> query(words_);
    std::memcpy(query.data(), signs.data(), signs.size());
    Bits wanted = has_;
    wanted &= among;

    const std::size_t blocks = rows_.size() / (kRowsInBlock * words_);
    std::vector<std::uint16_t> distances(blocks * kRowsInBlock);
    bit_kernels().distances(rows_.data(), blocks, words_, query.data(), distances.data());
    std::vector<std::size_t> at_distance(words_ * 64 + 1);
    wanted.for_each([&](Place at) { ++at_distance[distances[at]]; });

    std::size_t bound = 0;
    std::size_t closer = 0;
    while (bound < at_distance.size() && closer + at_distance[bound] <= limit) {
        closer += at_distance[bound++];
    }
    std::size_t ties = limit - closer;
    std::vector<Place> found;
    found.reserve(limit);
    wanted.for_each([&](Place at) {
        if (distances[at] < bound) {
            found.push_back(at);
        } else if (distances[at] == bound && ties > 0) {
            found.push_back(at);
            --ties;
        }
    });
    return found;
}

}  // namespace stoa::catalogue
