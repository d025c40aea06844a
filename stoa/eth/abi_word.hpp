#pragma once

#include "stoa/eth/abi_type.hpp"
#include "stoa/eth/eip712.hpp"

namespace stoa::eth::abi {

/// Whether the word of an elementary type is one that its encoder makes: numbers inside their
/// range, padding zero (or the sign), bool 0 or 1.
bool fits(const Type&, const Word&);

}  // namespace stoa::eth::abi
