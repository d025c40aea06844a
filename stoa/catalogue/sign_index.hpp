#pragma once

#include <span>
#include <vector>

#include "stoa/base/types.hpp"
#include "stoa/catalogue/id_set.hpp"

namespace stoa::catalogue {

/// One bit for each number of a vector: whether it is above zero. Padded with zeros to whole words
/// of 64 bits, little-endian.
ByteVector signs_of(std::span<const float>);

/// The signs of all listings' meanings, so that the nearest are found by counting the bits that
/// differ (docs/decisions/0006-search-in-memory.md).
class SignIndex {
  public:
    /// Of `signs_of`; empty takes them away. Those of another length than the first that came are
    /// another model's, and ignored.
    void set(Place, Bytes signs);
    /// Forgets all, and the length.
    void clear();

    const Bits& places() const { return has_; }
    /// The `limit` of `among` with the fewest bits that differ from the meaning's, in ascending
    /// order of place. Of several that are equally near at the end, those that came first.
    std::vector<Place> nearest(std::span<const float> meaning, const Bits& among,
                               std::size_t limit) const;

    std::size_t memory_bytes() const { return rows_.capacity() * 8 + has_.words().capacity() * 8; }

  private:
    std::size_t words_ = 0;            ///< Of a row.
    std::vector<std::uint64_t> rows_;  ///< In blocks, see `bit_kernels.hpp`.
    Bits has_;
};

}  // namespace stoa::catalogue
