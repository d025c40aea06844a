#include "stoa/keys/signer.hpp"

#include <openssl/rand.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <stdexcept>

#include "stoa/base/assert.hpp"
#include "stoa/keys/curve.hpp"

namespace stoa::keys {

const secp256k1_context* signing_context() {
    static const secp256k1_context* const context = [] {
        auto* made = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
        std::array<std::uint8_t, 32> seed{};
        if (RAND_bytes(seed.data(), static_cast<int>(seed.size())) != 1 ||
            secp256k1_context_randomize(made, seed.data()) != 1) {
            throw std::runtime_error("the system's random generator failed");
        }
        return made;
    }();
    return context;
}

eth::Address Secret::address() const {
    secp256k1_pubkey key;
    STOA_ASSERT(secp256k1_ec_pubkey_create(signing_context(), &key, bytes_->data()));
    std::array<std::uint8_t, 65> point{};
    std::size_t size = point.size();
    secp256k1_ec_pubkey_serialize(signing_context(), point.data(), &size, &key,
                                  SECP256K1_EC_UNCOMPRESSED);
    return eth::address_of_point(std::span(point).subspan<1>());
}

LocalSigner::LocalSigner(Secret secret) : secret_(std::move(secret)), address_(secret_.address()) {}

eth::Signature LocalSigner::sign_typed_digest(const Hash256& digest) const {
    return sign(digest);
}

eth::Signature LocalSigner::sign_message(std::string_view text) const {
    return sign(eth::personal_digest(text));
}

ByteVector LocalSigner::sign_transaction(const eth::Transaction& transaction) const {
    return eth::signed_bytes(transaction, sign(eth::signing_digest(transaction)));
}

eth::Signature LocalSigner::sign(const Hash256& digest) const {
    secp256k1_ecdsa_recoverable_signature recoverable;
    STOA_ASSERT(secp256k1_ecdsa_sign_recoverable(signing_context(), &recoverable,
                                                 digest.bytes.data(), secret_.bytes().data(),
                                                 secp256k1_nonce_function_rfc6979, nullptr));
    eth::Signature signature;
    int parity = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(
        signing_context(), signature.bytes.data(), &parity, &recoverable);
    signature.bytes[64] = static_cast<std::uint8_t>(27 + parity);
    return signature;
}

}  // namespace stoa::keys
