// What `./dev bench` prints: one measured figure with its target, and the peer's beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stoa::bench {

enum class Bound { at_most, at_least };

struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    Bound bound = Bound::at_most;
    double target = 0;
    std::string peer;                  ///< What was measured beside it; empty for nothing.
    std::optional<double> peer_value;  ///< In the same unit.

    bool holds() const { return bound == Bound::at_most ? value <= target : value >= target; }
};

/// One question: its name on the command line, and how it is answered.
struct Question {
    const char* name;
    std::vector<Figure> (*measure)();
};

std::vector<Figure> catalogue_search();
std::vector<Figure> commits();
std::vector<Figure> first_token();
std::vector<Figure> flood();
std::vector<Figure> follow();
std::vector<Figure> http();
std::vector<Figure> idle();
std::vector<Figure> paid();
std::vector<Figure> refusals();
std::vector<Figure> restart();
std::vector<Figure> writes();

}  // namespace stoa::bench
