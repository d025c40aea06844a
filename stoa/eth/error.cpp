#include "stoa/eth/error.hpp"

namespace stoa::eth {

ErrorText text_of(EncodingError error) {
    switch (error) {
        case EncodingError::bad_address: return {"bad_address", "not 0x and 40 hex digits"};
        case EncodingError::bad_checksum:
            return {"bad_checksum", "the address's capital letters are not its checksum"};
        case EncodingError::bad_signature: return {"bad_signature", "not a canonical signature"};
        case EncodingError::bad_rlp: return {"bad_rlp", "not canonical RLP"};
        case EncodingError::bad_abi: return {"bad_abi", "not an ABI encoding of the type"};
        case EncodingError::bad_type: return {"bad_type", "not a Solidity type"};
        case EncodingError::bad_transaction: return {"bad_transaction", "not a transaction"};
        case EncodingError::bad_typed_data: return {"bad_typed_data", "not EIP-712 typed data"};
        case EncodingError::bad_sign_in:
            return {"bad_sign_in", "not a sign-in message of EIP-4361"};
        case EncodingError::too_deep: return {"too_deep", "nested too deeply"};
        case EncodingError::too_large: return {"too_large", "too large"};
    }
    return {"unexpected", "unknown encoding error"};
}

std::error_code make_error_code(EncodingError error) {
    return error_code_of("eth", error);
}

}  // namespace stoa::eth
