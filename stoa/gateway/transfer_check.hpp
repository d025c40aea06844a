#pragma once

#include "stoa/payment/x402.hpp"

namespace stoa::gateway {

/// Of a one-off payment, everything that needs no chain and no signature, with the codes of
/// `exact`: its receiver, its time, its amount.
Result<void> check_transfer(const payment::TokenAuthorization&,
                            const payment::Requirements& offered, std::uint64_t now);

/// False also where the payer may be a contract: then the token decides.
bool is_signed_by_payer(const payment::Requirements& offered, std::uint64_t chain_id,
                        const payment::ExactPayload&);

}  // namespace stoa::gateway
