#pragma once

#include <optional>

#include "stoa/base/amount.hpp"
#include "stoa/eth/signature.hpp"

namespace stoa::eth {

enum class TransactionType : std::uint8_t {
    legacy = 0,       ///< With chain id: EIP-155. Without (0): valid on any chain.
    access_list = 1,  ///< EIP-2930.
    dynamic_fee = 2,  ///< EIP-1559.
};

struct AccessEntry {
    Address account;
    std::vector<Hash256> slots;
    friend bool operator==(const AccessEntry&, const AccessEntry&) = default;
};

struct Transaction {
    TransactionType type = TransactionType::dynamic_fee;
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    U256 max_priority_fee;  ///< Of dynamic_fee only; in wei per gas.
    U256 max_fee;           ///< In wei per gas; the gas price of the other types.
    std::uint64_t gas_limit = 0;
    std::optional<Address> to;  ///< None creates a contract.
    U256 value;
    ByteVector data;
    std::vector<AccessEntry> access_list;  ///< Empty for legacy.
    friend bool operator==(const Transaction&, const Transaction&) = default;
};

struct SignedTransaction {
    Transaction transaction;
    Signature signature;
};

/// What is hashed to be signed.
ByteVector unsigned_bytes(const Transaction&);
Hash256 signing_digest(const Transaction&);

/// What `eth_sendRawTransaction` takes. Its Keccak-256 is the transaction's hash.
ByteVector signed_bytes(const Transaction&, const Signature&);

inline constexpr std::size_t kMaxTransactionBytes = 128 * 1024;

/// The inverse of `signed_bytes`: bad_transaction, bad_rlp, bad_signature (high s), too_large.
Result<SignedTransaction> decode_transaction(Bytes);

/// Who pays for it: bad_signature.
Result<Address> sender_of(const SignedTransaction&);

}  // namespace stoa::eth
