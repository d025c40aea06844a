// A load of HTTP requests from another thread than the node's, made before the clock runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stoa::bench {

/// What one connection sends, each request after the answer to the one before.
struct Script {
    std::vector<std::string> requests;
    std::size_t count = 0;  ///< More than there are requests: from the first again.
};

struct Load {
    double seconds = 0;
    double processor_seconds = 0;   ///< Of all threads of this program but the caller's.
    std::size_t answers = 0;        ///< With the status that was expected.
    std::vector<double> latencies;  ///< Seconds, ascending.

    double per_second() const { return static_cast<double>(answers) / seconds; }
    double processor_us() const { return processor_seconds * 1e6 / static_cast<double>(answers); }
    double percentile(double) const;  ///< Seconds.
};

/// Throws `std::runtime_error` with the first answer of another status than `expected`.
Load run_load(unsigned short port, const std::vector<Script>&, int expected);

double processor_seconds_of_thread();
double processor_seconds_of_process();

}  // namespace stoa::bench
