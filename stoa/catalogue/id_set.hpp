// Sets of listings by their place in the index. `Bits` is one bit a place, for what a query builds;
// `IdSet` is what the index keeps for each word and facet's value: a list while it is small, bits
// once it isn't.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stoa::catalogue {

using Place = std::uint32_t;

class Bits {
  public:
    Bits() = default;
    /// Room for `places`, none of them in it.
    explicit Bits(std::size_t places) : words_((places + 63) / 64) {}

    void grow(std::size_t places);
    bool test(Place at) const {
        return at / 64 < words_.size() && (words_[at / 64] >> at % 64 & 1) != 0;
    }
    void set(Place at) { words_[at / 64] |= std::uint64_t{1} << at % 64; }
    void clear(Place at) { words_[at / 64] &= ~(std::uint64_t{1} << at % 64); }

    // Places that the other has no room for aren't in it.
    Bits& operator&=(const Bits&);
    Bits& operator|=(const Bits&);
    Bits& operator-=(const Bits&);

    std::size_t count() const;
    std::size_t count_both(const Bits&) const;
    const std::vector<std::uint64_t>& words() const { return words_; }

    template <class F>
    void for_each(F f) const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
                f(static_cast<Place>(i * 64 + static_cast<std::size_t>(std::countr_zero(word))));
            }
        }
    }
    /// From the highest place down.
    template <class F>
    void for_each_down(F f) const {
        for (std::size_t i = words_.size(); i-- > 0;) {
            for (std::uint64_t word = words_[i]; word != 0;) {
                const auto bit = 63 - static_cast<std::size_t>(std::countl_zero(word));
                f(static_cast<Place>(i * 64 + bit));
                word ^= std::uint64_t{1} << bit;
            }
        }
    }

  private:
    std::vector<std::uint64_t> words_;
};

class IdSet {
  public:
    /// Places come in ascending order; the last one again changes nothing.
    void add(Place);
    std::size_t size() const { return size_; }
    /// How many of `base` are in it.
    std::size_t count_in(const Bits& base) const;
    void add_to(Bits&) const;
    /// Gives back what growing has reserved.
    void shrink();
    std::size_t memory_bytes() const;

  private:
    std::vector<Place> list_;  ///< Empty once `bits_` isn't.
    Bits bits_;
    std::size_t size_ = 0;
    Place last_ = 0;
};

}  // namespace stoa::catalogue
