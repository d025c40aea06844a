#include <algorithm>
#include <limits>

#include "stoa/eth/rlp.hpp"
#include "stoa/eth/transaction.hpp"

namespace stoa::eth {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();

/// Takes the members of a transaction in order. The first misfit sticks, and what follows it
/// reads as zero, so that a decoder reads like the list of members that it is.
class Members {
  public:
    explicit Members(const rlp::Item& list) : items_(list.items) {}

    U256 number() {
        const rlp::Item* item = next();
        const auto number = item ? rlp::number_of(*item) : fail(EncodingError::bad_transaction);
        if (!number) return miss(), U256{};
        return *number;
    }

    std::uint64_t number64() {
        const U256 wide = number();
        if (wide > kMax64) return miss(), 0;
        return static_cast<std::uint64_t>(wide);
    }

    Bytes bytes() {
        const rlp::Item* item = next();
        if (!item || item->is_list) return miss(), Bytes{};
        return item->bytes;
    }

    std::optional<Address> recipient() {
        const Bytes data = bytes();
        if (data.empty()) return std::nullopt;
        return fixed<Address>(data);
    }

    std::vector<AccessEntry> access_list() {
        std::vector<AccessEntry> entries;
        const rlp::Item* list = next();
        if (!list || !list->is_list) return miss(), entries;
        for (const rlp::Item& pair : list->items) {
            if (pair.items.size() != 2 || pair.items[0].is_list || !pair.items[1].is_list) {
                return miss(), entries;
            }
            AccessEntry entry{fixed<Address>(pair.items[0].bytes), {}};
            for (const rlp::Item& slot : pair.items[1].items) {
                if (slot.is_list) return miss(), entries;
                entry.slots.push_back(fixed<Hash256>(slot.bytes));
            }
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    bool complete() const { return !missed_ && taken_ == items_.size(); }
    void miss() { missed_ = true; }

  private:
    const rlp::Item* next() {
        if (taken_ == items_.size()) return nullptr;
        return &items_[taken_++];
    }

    template <class Fixed>
    Fixed fixed(Bytes data) {
        Fixed out;
        if (data.size() != out.bytes.size()) return miss(), out;
        std::ranges::copy(data, out.bytes.begin());
        return out;
    }

    const std::vector<rlp::Item>& items_;
    std::size_t taken_ = 0;
    bool missed_ = false;
};

Signature signature_of(unsigned parity, const U256& r, const U256& s) {
    Signature signature;
    std::ranges::copy(to_big_endian(r), signature.bytes.begin());
    std::ranges::copy(to_big_endian(s), signature.bytes.begin() + 32);
    signature.bytes[64] = static_cast<std::uint8_t>(27 + parity);
    return signature;
}

SignedTransaction decode_typed(TransactionType type, Members& members) {
    SignedTransaction out;
    Transaction& tx = out.transaction;
    tx.type = type;
    tx.chain_id = members.number64();
    tx.nonce = members.number64();
    if (type == TransactionType::dynamic_fee) tx.max_priority_fee = members.number();
    tx.max_fee = members.number();
    tx.gas_limit = members.number64();
    tx.to = members.recipient();
    tx.value = members.number();
    const Bytes data = members.bytes();
    tx.data.assign(data.begin(), data.end());
    tx.access_list = members.access_list();
    const std::uint64_t parity = members.number64();
    if (parity > 1) members.miss();
    const U256 r = members.number();
    out.signature = signature_of(parity & 1, r, members.number());
    return out;
}

SignedTransaction decode_legacy(Members& members) {
    SignedTransaction out;
    Transaction& tx = out.transaction;
    tx.type = TransactionType::legacy;
    tx.nonce = members.number64();
    tx.max_fee = members.number();
    tx.gas_limit = members.number64();
    tx.to = members.recipient();
    tx.value = members.number();
    const Bytes data = members.bytes();
    tx.data.assign(data.begin(), data.end());
    const std::uint64_t v = members.number64();
    unsigned parity = static_cast<unsigned>(v - 27);
    if (v >= 37) {
        tx.chain_id = (v - 35) / 2;
        parity = static_cast<unsigned>((v - 35) % 2);
    } else if (v != 27 && v != 28) {
        members.miss();
    }
    const U256 r = members.number();
    out.signature = signature_of(parity & 1, r, members.number());
    return out;
}

}  // namespace

Result<SignedTransaction> decode_transaction(Bytes data) {
    if (data.size() > kMaxTransactionBytes) return fail(EncodingError::too_large);
    if (data.empty()) return fail(EncodingError::bad_transaction);
    auto type = TransactionType::legacy;
    if (data[0] < 0xc0) {
        if (data[0] != 1 && data[0] != 2) return fail(EncodingError::bad_transaction);
        type = static_cast<TransactionType>(data[0]);
        data = data.subspan(1);
    }
    STOA_TRY(const rlp::Item list, rlp::decode(data));
    if (!list.is_list) return fail(EncodingError::bad_transaction);
    Members members{list};
    SignedTransaction out =
        type == TransactionType::legacy ? decode_legacy(members) : decode_typed(type, members);
    if (!members.complete()) return fail(EncodingError::bad_transaction);
    STOA_CHECK(sender_of(out));
    return out;
}

}  // namespace stoa::eth
