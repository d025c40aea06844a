// What a paid call costs the node: HTTP over loopback, quote, signature, two durable records, an
// engine that answers at once. The calls are signed before the clock runs, and the processor time
// of their sender does not count.
#include <string>

#include "bench/figure.hpp"
#include "bench/load.hpp"
#include "bench/peer.hpp"
#include "bench/prototype.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kChannels = 64;
constexpr std::size_t kCalls = 600;
constexpr std::size_t kCallsAlone = 2'000;
constexpr std::size_t kRefusals = 4'000;

// 10 a call, 1 a token in, 2 a token out: at most 67, and 23 for what the engine says.
const Amount kBound{67};
constexpr std::uint64_t kCost = 23;
const std::string kBody =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":20})";

Script calls(const Shop& shop, std::size_t channel, std::size_t first, std::size_t count) {
    Script script;
    script.count = count;
    for (std::size_t i = first; i < first + count; ++i) {
        script.requests.push_back(shop.paid(channel, Amount{kCost * i}, kBound, kBody));
    }
    return script;
}

std::vector<Script> calls_of_all(const Shop& shop, std::size_t first, std::size_t count) {
    std::vector<Script> scripts;
    for (std::size_t i = 0; i < kChannels; ++i) scripts.push_back(calls(shop, i, first, count));
    return scripts;
}

/// The same calls to a server that promises nothing: what is left is what no node can do without.
Load prototype_load(const Shop& shop) {
    const Prototype prototype;
    return run_load(prototype.port(), calls_of_all(shop, 0, kCalls), 200);
}

}  // namespace

std::vector<Figure> paid() {
    Shop shop(kChannels, [](const auto&) { return trivial_engine(); });
    shop.open();
    constexpr std::size_t kWarm = 50;
    run_load(shop.port(), calls_of_all(shop, 0, kWarm), 200);
    const Load many = run_load(shop.port(), calls_of_all(shop, kWarm, kCalls), 200);
    const std::size_t before = kWarm + kCalls;
    const Load alone = run_load(shop.port(), {calls(shop, 0, before, kCallsAlone)}, 200);
    if (shop.charged(0) != Amount{kCost * (before + kCallsAlone)}) {
        throw std::runtime_error("the ledger did not charge what was sold");
    }
    const double of_prototype = 100 * many.per_second() / prototype_load(shop).per_second();
    const auto peer = measure_peer();
    const char* name = "@x402/express";
    std::vector<Figure> figures{
        {"paid call, processor", many.processor_us(), "us", Bound::at_most, 60, name, {}},
        {"paid calls", many.per_second(), "1/s", Bound::at_least, 12'000, name, {}},
        {"paid call alone, p50", alone.percentile(0.5) * 1e3, "ms", Bound::at_most, 0.5, name, {}},
        {"paid call, p99 of 64", many.percentile(0.99) * 1e3, "ms", Bound::at_most, 20, name, {}},
        {"calls / a prototype's", of_prototype, "%", Bound::at_least, 80, "", {}}};
    if (!peer) return figures;
    figures[0].peer_value = peer->processor_us;
    figures[1].peer_value = peer->per_second;
    figures.push_back({"peer's processor / ours",
                       peer->processor_us / many.processor_us(),
                       "x",
                       Bound::at_least,
                       40,
                       "",
                       {}});
    return figures;
}

std::vector<Figure> refusals() {
    Shop shop(0, [](const auto&) { return trivial_engine(); });
    const std::vector<Script> scripts(32, Script{{shop.unpaid(kBody)}, kRefusals});
    const Load load = run_load(shop.port(), scripts, 402);
    return {{"402 answers per core",
             static_cast<double>(load.answers) / load.processor_seconds,
             "1/s",
             Bound::at_least,
             40'000,
             "",
             {}}};
}

}  // namespace stoa::bench
