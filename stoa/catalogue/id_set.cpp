#include "stoa/catalogue/id_set.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/catalogue/bit_kernels.hpp"

namespace stoa::catalogue {
namespace {

/// A list of places takes 32 bits each, so bits are smaller beyond one in 32.
constexpr std::size_t kPlacesInList = 32;
constexpr std::size_t kShort = 1'024;

}  // namespace

void Bits::grow(std::size_t places) {
    if (words_.size() * 64 < places) words_.resize((places + 63) / 64);
}

Bits& Bits::operator&=(const Bits& other) {
    const std::size_t both = std::min(words_.size(), other.words_.size());
    for (std::size_t i = 0; i < both; ++i) words_[i] &= other.words_[i];
    std::fill(words_.begin() + static_cast<std::ptrdiff_t>(both), words_.end(), 0);
    return *this;
}

Bits& Bits::operator|=(const Bits& other) {
    grow(other.words_.size() * 64);
    for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
}

Bits& Bits::operator-=(const Bits& other) {
    const std::size_t both = std::min(words_.size(), other.words_.size());
    for (std::size_t i = 0; i < both; ++i) words_[i] &= ~other.words_[i];
    return *this;
}

std::size_t Bits::count() const {
    return bit_kernels().count_both(words_.data(), words_.data(), words_.size());
}

std::size_t Bits::count_both(const Bits& other) const {
    const std::size_t both = std::min(words_.size(), other.words_.size());
    return bit_kernels().count_both(words_.data(), other.words_.data(), both);
}

void IdSet::add(Place at) {
    STOA_ASSERT(size_ == 0 || at >= last_);
    if (size_ != 0 && at == last_) return;
    last_ = at;
    ++size_;
    if (!bits_.words().empty()) {
        // Doubled, as a vector does that grows one by one.
        if (at / 64 >= bits_.words().size()) bits_.grow(std::size_t{at} + at / 2 + 64);
        bits_.set(at);
        return;
    }
    list_.push_back(at);
    if (size_ <= kShort || size_ * kPlacesInList <= at) return;
    bits_.grow(std::size_t{at} + at / 2 + 64);
    for (const Place place : list_) bits_.set(place);
    list_ = {};
}

std::size_t IdSet::count_in(const Bits& base) const {
    if (!bits_.words().empty()) return base.count_both(bits_);
    return static_cast<std::size_t>(
        std::ranges::count_if(list_, [&](Place at) { return base.test(at); }));
}

void IdSet::add_to(Bits& out) const {
    if (!bits_.words().empty()) {
        out |= bits_;
    } else {
        for (const Place at : list_) out.set(at);
    }
}

void IdSet::shrink() {
    list_.shrink_to_fit();
}

std::size_t IdSet::memory_bytes() const {
    return sizeof *this + list_.capacity() * sizeof(Place) + bits_.words().capacity() * 8;
}

}  // namespace stoa::catalogue
