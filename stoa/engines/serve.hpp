#pragma once

#include "stoa/engines/backend.hpp"

namespace stoa::engines {

/// Says `ready` and answers frames until the other side of `socket` closes. Throws when the engine
/// breaks or the other side doesn't keep to the protocol.
void serve(int socket, Backend&, const Hash256& engine_digest);

/// Says `failed`.
void report_failure(int socket, const std::string& why);

/// SHA-256 over the programs and libraries, sorted by name, that this process runs and that lie
/// beside its engine or are its own: "sha256  name\n" each. Two workers that give the same run the
/// same code, down to the variant for their processor.
Hash256 digest_of_engine();

}  // namespace stoa::engines
