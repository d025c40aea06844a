#include "stoa/relay/error.hpp"

namespace stoa::relay {

ErrorText text_of(RelayError error) {
    using enum RelayError;
    switch (error) {
        case wrong_chain:
            return {"wrong_chain",
                    "this is for a chain, token or contract that is not served here"};
        case malformed: return {"malformed_order", "the contract takes no such values"};
        case expired: return {"expired", "the signature is not valid now, or not long enough"};
        case bad_signature: return {"bad_signature", "the signature is not the payer's"};
        case stale_nonce:
            return {"stale_nonce", "the channel or purse has changed since this was signed"};
        case would_revert: return {"would_revert", "the contract would refuse it"};
        case below_cost: return {"below_cost", "it brings in less than its transaction costs"};
        case quota: return {"relay_quota", "the payer's free transactions of today are used up"};
        case gas_budget: return {"gas_budget", "the node has spent its gas of today"};
        case not_included:
            return {"not_included", "the transaction was sent and is not in a block yet"};
        case nothing_left: return {"nothing_left", "everything in the channel is charged"};
        case nothing_due: return {"nothing_due", "nothing waits to be paid out"};
        case no_purse: return {"no_purse", "no purse of Stoa's stands there"};
    }
    return {"unexpected", "unknown relay error"};
}

std::error_code make_error_code(RelayError error) {
    return error_code_of("relay", error);
}

}  // namespace stoa::relay
