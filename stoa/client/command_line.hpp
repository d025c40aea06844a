#pragma once

#include <iosfwd>

namespace stoa::client {

/// Parses the arguments, runs the command and returns the exit status: 0, 1 for a failure that was
/// explained, 2 for arguments that make no sense. Results go to `results`.
int run(int argc, char** argv, std::ostream& results, std::ostream& remarks);

}  // namespace stoa::client
