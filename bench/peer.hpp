#pragma once

#include <optional>

namespace stoa::bench {

/// @x402/express as its makers ship it, on this machine: bench/peer.
struct Peer {
    double processor_us = 0;  ///< Of the server, per paid call.
    double per_second = 0;
};

/// Nothing where its packages or the embedded chain are not installed (`./dev bench` does that).
std::optional<Peer> measure_peer();

}  // namespace stoa::bench
