#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "stoa/base/amount.hpp"
#include "stoa/eth/signature.hpp"

namespace stoa::eth {

/// Where a typed message is valid: one contract on one chain. A signature made for one domain
/// recovers to a stranger's address in any other.
struct Domain {
    std::string name;
    std::string version;
    U256 chain_id;
    Address contract;
};

/// A 32-byte slot of ABI-encoded data.
using Word = Hash256;

Word word(const U256& number);
Word word(std::uint64_t number);
Word word(const Address& address);
inline Word word(const Amount& amount) {
    return word(amount.units);
}

/// keccak256 of `EIP712Domain(string name,string version,uint256 chainId,address
/// verifyingContract)` and its members. Keep it: it costs four hashes.
Hash256 domain_separator(const Domain&);

/// `members` in the order of the type; those of dynamic type (string, bytes, arrays) as the hash
/// of their encoding. At most 15.
Hash256 struct_hash(const Hash256& type_hash, std::initializer_list<Word> members);

/// What a wallet signs.
Hash256 typed_digest(const Hash256& domain_separator, const Hash256& struct_hash);

/// The same in one step: `type` is the signature, such as "Voucher(bytes32 channel,uint256 spent)".
Hash256 typed_digest(const Domain&, std::string_view type, std::initializer_list<Word> members);

}  // namespace stoa::eth
