#pragma once

#include <string>

#include "stoa/catalogue/types.hpp"
#include "stoa/chain/contract.hpp"

namespace stoa::gateway {

/// Why the contract Services took no service from `provider`, in a sentence for the node's
/// operator: what the model's makers ask for, and which setting is to be changed.
std::string explain_refusal(const chain::Revert&, const catalogue::Royalty&,
                            const eth::Address& provider);

}  // namespace stoa::gateway
