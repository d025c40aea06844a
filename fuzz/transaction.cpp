// Transactions as wallets send them: exactly one encoding is accepted.
#include "stoa/eth/transaction.hpp"

#include "stoa/eth/rlp.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {
namespace {

void append(ByteVector& out, const eth::rlp::Item& item) {
    if (!item.is_list) return eth::rlp::append_bytes(out, item.bytes);
    ByteVector payload;
    for (const auto& inner : item.items) append(payload, inner);
    eth::rlp::append_list(out, payload);
}

}  // namespace

void run(Bytes input) {
    const ByteVector bytes(input.begin(), input.end());
    if (const auto item = eth::rlp::decode(input)) {
        ByteVector again;
        append(again, *item);
        demand(again == bytes);
    }
    if (const auto it = eth::decode_transaction(input)) {
        demand(eth::signed_bytes(it->transaction, it->signature) == bytes);
        (void)eth::sender_of(*it);
    }
}

}  // namespace stoa::fuzz
