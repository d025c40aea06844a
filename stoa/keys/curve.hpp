#pragma once

#include <secp256k1.h>

namespace stoa::keys {

/// A context that may sign, blinded against side channels; made at the first use.
const secp256k1_context* signing_context();

}  // namespace stoa::keys
