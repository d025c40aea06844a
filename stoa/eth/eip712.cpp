#include "stoa/eth/eip712.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::eth {

Word word(const U256& number) {
    return {to_big_endian(number)};
}

Word word(std::uint64_t number) {
    Word slot;
    for (std::size_t i = 0; i < 8; ++i) {
        slot.bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return slot;
}

Word word(const Address& address) {
    Word slot;
    std::ranges::copy(address.bytes, slot.bytes.begin() + 12);
    return slot;
}

Hash256 struct_hash(const Hash256& type_hash, std::initializer_list<Word> members) {
    constexpr std::size_t kMaxMembers = 15;
    STOA_ASSERT(members.size() <= kMaxMembers);
    std::array<std::uint8_t, 32 * (1 + kMaxMembers)> data;
    auto next = std::ranges::copy(type_hash.bytes, data.begin()).out;
    for (const Word& member : members) next = std::ranges::copy(member.bytes, next).out;
    return keccak256(Bytes{data.begin(), next});
}

Hash256 domain_separator(const Domain& domain) {
    static const Hash256 type = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    return struct_hash(type, {keccak256(domain.name), keccak256(domain.version),
                              word(domain.chain_id), word(domain.contract)});
}

Hash256 typed_digest(const Hash256& separator, const Hash256& message) {
    std::array<std::uint8_t, 66> data{0x19, 0x01};
    std::ranges::copy(separator.bytes, data.begin() + 2);
    std::ranges::copy(message.bytes, data.begin() + 34);
    return keccak256(data);
}

Hash256 typed_digest(const Domain& domain, std::string_view type,
                     std::initializer_list<Word> members) {
    return typed_digest(domain_separator(domain), struct_hash(keccak256(type), members));
}

}  // namespace stoa::eth
