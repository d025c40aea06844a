#include "stoa/eth/signature.hpp"

#include <secp256k1_recovery.h>

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::eth {

std::optional<Address> recover(const Hash256& digest, const Signature& signature) {
    const auto* context = secp256k1_context_static;
    const int parity = signature.bytes[64] - 27;
    if (parity != 0 && parity != 1) return std::nullopt;

    secp256k1_ecdsa_recoverable_signature recoverable;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, &recoverable,
                                                             signature.bytes.data(), parity)) {
        return std::nullopt;
    }
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &recoverable);
    if (secp256k1_ecdsa_signature_normalize(context, nullptr, &plain)) return std::nullopt;
    if (!secp256k1_ecdsa_recover(context, &key, &recoverable, digest.bytes.data())) {
        return std::nullopt;
    }

    std::array<std::uint8_t, 65> point;
    std::size_t size = point.size();
    secp256k1_ec_pubkey_serialize(context, point.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED);
    return address_of_point(std::span{point}.subspan<1>());
}

Address address_of_point(std::span<const std::uint8_t, 64> point) {
    const Hash256 hash = keccak256(Bytes{point});
    Address address;
    std::copy_n(hash.bytes.begin() + 12, address.bytes.size(), address.bytes.begin());
    return address;
}

Result<Signature> parse_signature(std::string_view hex) {
    Signature signature;
    if (!parse_hex_into(hex, signature.bytes)) return fail(EncodingError::bad_signature);
    return signature;
}

Result<Signature> parse_wallet_signature(std::string_view hex) {
    auto signature = parse_signature(hex);
    if (signature && signature->bytes[64] <= 1) signature->bytes[64] += 27;
    return signature;
}

std::string to_hex(const Signature& signature) {
    return stoa::to_hex(signature.bytes);
}

Hash256 personal_digest(std::string_view message) {
    std::string text =
        "\x19"
        "Ethereum Signed Message:\n";
    text += std::to_string(message.size());
    text += message;
    return keccak256(text);
}

}  // namespace stoa::eth
