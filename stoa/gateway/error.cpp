#include "stoa/gateway/error.hpp"

namespace stoa::gateway {

ErrorText text_of(GatewayError error) {
    using enum GatewayError;
    switch (error) {
        case unknown_route: return {"unknown_route", "nothing is at this address"};
        case method_not_allowed:
            return {"method_not_allowed", "this address doesn't take that method"};
        case foreign_host: return {"foreign_host", "this node doesn't answer to that name"};
        case foreign_origin:
            return {"foreign_origin", "a page of another site may not do this here"};
        case body_too_large: return {"body_too_large", "the body is larger than this route takes"};
        case malformed_json: return {"malformed_json", "the body is not the JSON that is expected"};
        case missing_field: return {"missing_field", "a field that is needed is missing"};
        case unknown_field: return {"unknown_field", "a field is not known here"};
        case invalid_field: return {"invalid_field", "a field has a value that it can't have"};
        case unknown_model: return {"unknown_model", "no model is called that here"};
        case unknown_offer: return {"unknown_offer", "no offer has that number"};
        case unknown_chain: return {"unknown_chain", "this node doesn't follow that chain"};
        case not_stored: return {"not_stored", "this node doesn't have those bytes"};
        case not_signed_in: return {"not_signed_in", "nobody is signed in"};
        case nonce_unknown:
            return {"nonce_unknown", "the nonce was not given out here, or was used before"};
        case wrong_domain: return {"wrong_domain", "the message is for another site"};
        case wrong_chain: return {"wrong_chain", "the message is for another chain"};
        case expired: return {"expired", "the message isn't valid at this time"};
        case wrong_signer:
            return {"wrong_signer", "the message is not signed by the account that it names"};
        case no_faucet: return {"no_faucet", "this chain has real money and no faucet"};
        case faucet_limit: return {"faucet_limit", "this address has had its share for now"};
        case rate_limited: return {"rate_limited", "too many requests"};
        case transaction_failed: return {"transaction_failed", "the chain refuses the transaction"};
        case chain_unavailable: return {"chain_unavailable", "the chain doesn't answer"};
        case not_ready: return {"not_ready", "the node has not caught up with the chain yet"};
        case internal: return {"internal", "the node failed"};
    }
    return {"unexpected", "unknown gateway error"};
}

std::error_code make_error_code(GatewayError error) {
    return error_code_of("gateway", error);
}

}  // namespace stoa::gateway
