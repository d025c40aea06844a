// Nearest vectors, found exactly and as the catalogue finds them.
#pragma once

#include <cstddef>
#include <vector>

namespace stoa::bench {

inline constexpr std::size_t kDimensions = 384;

using Vectors = std::vector<std::vector<float>>;

/// One of the real ones, and beyond them a real one with noise of about half its length.
std::vector<float> vector_of(const Vectors& real, std::size_t number);
/// The first `count` of them, one behind the other.
std::vector<float> flat(const Vectors& real, std::size_t count);

/// How many of a hundred of the exact ten nearest are among the ten that signs and re-ranking find;
/// appends what each exact search took.
double recall(const std::vector<float>& rows, const Vectors& queries, std::size_t candidates,
              std::vector<double>* exact_ms);

}  // namespace stoa::bench
