#include "stoa/payment/purse.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::payment {
namespace {

using eth::keccak256;
using eth::struct_hash;
using eth::typed_digest;
using eth::word;

constexpr unsigned kExpiryBits = 40;
constexpr std::uint8_t kHighBit = 0x80;
/// Where a deposit's data has the lane, in the word of the service.
constexpr unsigned kLaneBit = 248;

}  // namespace

bool is_well_formed(const PursePolicy& it) {
    const auto fits = [](const Amount& amount) { return amount.units >> kPurseBits == 0; };
    return it.key != eth::kZeroAddress && fits(it.cap) && fits(it.cap_per_day) &&
           fits(it.cap_per_service) && it.expires >> kExpiryBits == 0 &&
           it.services.size() <= kMaxPurseServices;
}

PurseDomain::PurseDomain(std::uint64_t chain_id, const eth::Address& purse)
    : separator_(eth::domain_separator({"Stoa Purse", "1", chain_id, purse})) {}

Hash256 PurseDomain::set_policy_digest(const PursePolicy& it, const U256& nonce) const {
    static const Hash256 type = keccak256(
        "SetPolicy(address key,address token,uint96 cap,uint96 capPerDay,uint96 "
        "capPerService,uint40 expires,uint256[] services,uint256 nonce)");
    ByteVector services;
    for (const U256& service : it.services) {
        const auto number = word(service);
        services.insert(services.end(), number.bytes.begin(), number.bytes.end());
    }
    return typed_digest(separator_,
                        struct_hash(type, {word(it.key), word(it.token), word(it.cap),
                                           word(it.cap_per_day), word(it.cap_per_service),
                                           word(it.expires), keccak256(services), word(nonce)}));
}

Hash256 PurseDomain::revoke_digest(const eth::Address& key, const U256& nonce) const {
    static const Hash256 type = keccak256("Revoke(address key,uint256 nonce)");
    return typed_digest(separator_, struct_hash(type, {word(key), word(nonce)}));
}

Hash256 PurseDomain::exit_digest(const U256& nonce) const {
    static const Hash256 type = keccak256("Exit(uint256 nonce)");
    return typed_digest(separator_, struct_hash(type, {word(nonce)}));
}

Hash256 PurseDomain::spend_digest(const Hash256& channel_id, const Amount& amount,
                                  const U256& nonce) const {
    static const Hash256 type = keccak256("Spend(bytes32 channelId,uint256 amount,uint256 nonce)");
    return typed_digest(separator_, struct_hash(type, {channel_id, word(amount), word(nonce)}));
}

eth::Address purse_address(const eth::Address& purses, std::uint64_t chain_id,
                           const eth::Address& owner, const eth::Address& token) {
    ByteVector code = parse_hex("0x6100553d81600a3d39f3363d3d373d3d3d363d73", 64).value();
    const auto append = [&](Bytes bytes) { code.insert(code.end(), bytes.begin(), bytes.end()); };
    append(eth::create_address(purses, 1).bytes);
    append(parse_hex("0x5af43d82803e903d91602b57fd5bf3", 64).value());
    append(owner.bytes);
    append(token.bytes);
    return eth::create2_address(purses, word(chain_id), keccak256(code));
}

ChannelConfig purse_channel(const eth::Address& purse, const eth::Address& key,
                            const eth::Address& receiver, const eth::Address& receiver_authorizer,
                            const eth::Address& token, unsigned lane) {
    const Hash256 salt = word(std::uint64_t{lane});
    return {purse, key, receiver, receiver_authorizer, token, kPurseWithdrawDelaySeconds, salt};
}

std::optional<unsigned> lane_of(const ChannelConfig& config) {
    if (config.withdraw_delay_seconds != kPurseWithdrawDelaySeconds) return std::nullopt;
    for (unsigned lane = 0; lane < kPurseLanes; ++lane) {
        if (config.salt == word(std::uint64_t{lane})) return lane;
    }
    return std::nullopt;
}

std::optional<eth::Signature> key_signature(Bytes bytes) {
    eth::Signature whole;
    const std::size_t size = whole.bytes.size();
    if (bytes.size() == size) {
        std::ranges::copy(bytes, whole.bytes.begin());
        if (whole.bytes.back() < 2) whole.bytes.back() += 27;
        return whole;
    }
    if (bytes.size() != size - 1) return std::nullopt;
    std::ranges::copy(bytes, whole.bytes.begin());
    std::uint8_t& high = whole.bytes[32];
    whole.bytes.back() = (high & kHighBit) != 0 ? 28 : 27;
    high &= static_cast<std::uint8_t>(~kHighBit);
    return whole;
}

ByteVector spend_data(const eth::Address& key, const U256& service, unsigned lane,
                      const U256& nonce, const eth::Signature& signature) {
    static const auto type =
        eth::abi::parse_type("(address key,uint256 service,uint256 nonce,bytes32 r,bytes32 vs)")
            .value();
    Hash256 r;
    Hash256 vs;
    const Bytes all{signature.bytes};
    std::ranges::copy(all.first(32), r.bytes.begin());
    std::ranges::copy(all.subspan(32, 32), vs.bytes.begin());
    if (all.back() == 28) vs.bytes[0] |= kHighBit;
    const U256 place{service | U256{lane} << kLaneBit};
    return eth::abi::encode(type, {key, place, nonce, r, vs});
}

}  // namespace stoa::payment
