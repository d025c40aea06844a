#include "stoa/eth/transaction.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/eth/rlp.hpp"

namespace stoa::eth {
namespace {

void append_recipient(ByteVector& out, const std::optional<Address>& to) {
    rlp::append_bytes(out, to ? Bytes{to->bytes} : Bytes{});
}

void append_access_list(ByteVector& out, const std::vector<AccessEntry>& entries) {
    ByteVector list;
    for (const AccessEntry& entry : entries) {
        ByteVector slots;
        for (const Hash256& slot : entry.slots) rlp::append_bytes(slots, slot.bytes);
        ByteVector pair;
        rlp::append_bytes(pair, entry.account.bytes);
        rlp::append_list(pair, slots);
        rlp::append_list(list, pair);
    }
    rlp::append_list(out, list);
}

/// The members before the signature, in the order of the type.
ByteVector members_of(const Transaction& tx) {
    const bool legacy = tx.type == TransactionType::legacy;
    STOA_ASSERT(!legacy || tx.access_list.empty());
    ByteVector out;
    if (!legacy) rlp::append_number(out, tx.chain_id);
    rlp::append_number(out, tx.nonce);
    if (tx.type == TransactionType::dynamic_fee) rlp::append_number(out, tx.max_priority_fee);
    rlp::append_number(out, tx.max_fee);
    rlp::append_number(out, tx.gas_limit);
    append_recipient(out, tx.to);
    rlp::append_number(out, tx.value);
    rlp::append_bytes(out, tx.data);
    if (!legacy) append_access_list(out, tx.access_list);
    return out;
}

ByteVector enveloped(TransactionType type, const ByteVector& members) {
    ByteVector out;
    if (type != TransactionType::legacy) out.push_back(static_cast<std::uint8_t>(type));
    rlp::append_list(out, members);
    return out;
}

}  // namespace

ByteVector unsigned_bytes(const Transaction& tx) {
    ByteVector members = members_of(tx);
    if (tx.type == TransactionType::legacy && tx.chain_id != 0) {
        rlp::append_number(members, tx.chain_id);
        rlp::append_number(members, 0);
        rlp::append_number(members, 0);
    }
    return enveloped(tx.type, members);
}

Hash256 signing_digest(const Transaction& tx) {
    return keccak256(unsigned_bytes(tx));
}

ByteVector signed_bytes(const Transaction& tx, const Signature& signature) {
    const std::uint8_t v = signature.bytes[64];
    STOA_ASSERT(v == 27 || v == 28);
    U256 parity = v - 27u;
    if (tx.type == TransactionType::legacy) {
        parity += tx.chain_id == 0 ? U256{27} : U256{tx.chain_id} * 2 + 35;
    }
    ByteVector members = members_of(tx);
    rlp::append_number(members, parity);
    rlp::append_number(members, from_big_endian(Bytes{signature.bytes}.first(32)));
    rlp::append_number(members, from_big_endian(Bytes{signature.bytes}.subspan(32, 32)));
    return enveloped(tx.type, members);
}

Result<Address> sender_of(const SignedTransaction& tx) {
    const auto sender = recover(signing_digest(tx.transaction), tx.signature);
    if (!sender) return fail(EncodingError::bad_signature);
    return *sender;
}

}  // namespace stoa::eth
