#include "bench/peer.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

namespace stoa::bench {

std::optional<Peer> measure_peer() {
    if (!std::filesystem::exists("bench/peer/node_modules")) return std::nullopt;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen("node bench/peer/run.mjs", "r"),
                                                     ::pclose);
    if (!pipe) return std::nullopt;
    std::string text;
    for (int c = 0; (c = std::fgetc(pipe.get())) != EOF;) text.push_back(static_cast<char>(c));
    boost::system::error_code bad;
    const auto said = boost::json::parse(text, bad);
    if (bad) throw std::runtime_error("bench/peer said: " + text);
    return Peer{said.at("processorUs").to_number<double>(),
                said.at("perSecond").to_number<double>()};
}

}  // namespace stoa::bench
