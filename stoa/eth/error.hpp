#pragma once

#include "stoa/base/error.hpp"

namespace stoa::eth {

/// Why bytes or text are not in the Ethereum format that they claim.
enum class EncodingError {
    bad_address = 1,  ///< Not `0x` and 40 hex digits.
    bad_checksum,     ///< Mixed case that isn't the one of EIP-55: likely a typing error.
    bad_signature,    ///< Not 65 bytes of r, low s and v, or it recovers to nobody.
    bad_rlp,          ///< Not canonical RLP, or something behind it.
    bad_abi,          ///< Data that the type's encoder can't have produced.
    bad_type,         ///< A type that Solidity doesn't have.
    bad_transaction,  ///< RLP of another shape, or a type other than legacy, 1 and 2.
    bad_typed_data,   ///< JSON that is not EIP-712 typed data, or doesn't fit its types.
    bad_sign_in,      ///< Not a message of EIP-4361.
    too_deep,         ///< Nested beyond the parser's limit.
    too_large,        ///< Longer, or of more parts, than the parser's limit.
};

ErrorText text_of(EncodingError);
std::error_code make_error_code(EncodingError);

}  // namespace stoa::eth

template <>
struct std::is_error_code_enum<stoa::eth::EncodingError> : std::true_type {};
