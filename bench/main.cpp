// stoa-bench [--json] [NAME...]: measures, and prints each figure with its target.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "bench/figure.hpp"

namespace {

using stoa::bench::Bound;
using stoa::bench::Figure;
using stoa::bench::Question;

const Question kQuestions[] = {
    {"catalogue", stoa::bench::catalogue_search},
    {"paid", stoa::bench::paid},
    {"refusals", stoa::bench::refusals},
    {"flood", stoa::bench::flood},
    {"first_token", stoa::bench::first_token},
    {"idle", stoa::bench::idle},
    {"restart", stoa::bench::restart},
    {"commits", stoa::bench::commits},
    {"follow", stoa::bench::follow},
    {"http", stoa::bench::http},
    {"writes", stoa::bench::writes},
};

void print_json(const Figure& figure) {
    boost::json::object line{{"name", figure.name},
                             {"value", figure.value},
                             {"unit", figure.unit},
                             {"target", figure.target},
                             {"holds", figure.holds()},
                             {"bound", figure.bound == Bound::at_most ? "at most" : "at least"}};
    if (figure.peer_value) {
        line["peer"] = figure.peer;
        line["peerValue"] = *figure.peer_value;
    }
    std::puts(boost::json::serialize(line).c_str());
}

void print_text(const Figure& figure) {
    std::printf("%s %-28s %12.1f %-10s target %s %.1f", figure.holds() ? "✓" : "✗",
                figure.name.c_str(), figure.value, figure.unit.c_str(),
                figure.bound == Bound::at_most ? "≤" : "≥", figure.target);
    if (figure.peer_value) std::printf("   %s: %.1f", figure.peer.c_str(), *figure.peer_value);
    std::puts("");
}

bool is_wanted(const std::vector<std::string>& names, const Question& question) {
    if (names.empty()) return true;
    for (const auto& name : names) {
        if (name == question.name) return true;
    }
    return false;
}

}  // namespace

int main(int count, char** arguments) {
    bool as_json = false;
    std::vector<std::string> names;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(arguments[i], "--json") == 0) {
            as_json = true;
        } else {
            names.emplace_back(arguments[i]);
        }
    }
    bool found = false;
    for (const auto& question : kQuestions) {
        if (!is_wanted(names, question)) continue;
        found = true;
        for (const auto& figure : question.measure()) {
            as_json ? print_json(figure) : print_text(figure);
        }
    }
    if (found) return 0;
    std::fputs("stoa-bench: no such question; there are:", stderr);
    for (const auto& question : kQuestions) std::fprintf(stderr, " %s", question.name);
    std::fputs("\n", stderr);
    return 2;
}
