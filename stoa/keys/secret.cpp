#include "stoa/keys/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <sys/mman.h>

#include <algorithm>
#include <stdexcept>

#include "stoa/keys/keystore.hpp"

namespace stoa::keys {

void Secret::Wipe::operator()(std::array<std::uint8_t, 32>* bytes) const noexcept {
    OPENSSL_cleanse(bytes->data(), bytes->size());
    munlock(bytes->data(), bytes->size());
    delete bytes;
}

Secret::Secret() : bytes_(new std::array<std::uint8_t, 32>{}) {
    // Best effort: the limit on locked memory may be zero, and the node must still start.
    (void)mlock(bytes_->data(), bytes_->size());
}

Result<Secret> Secret::from_bytes(Bytes bytes) {
    if (bytes.size() != 32 ||
        secp256k1_ec_seckey_verify(secp256k1_context_static, bytes.data()) == 0) {
        return fail(KeyError::not_a_key);
    }
    Secret secret;
    std::ranges::copy(bytes, secret.bytes_->begin());
    return secret;
}

Secret Secret::random() {
    Secret secret;
    do {
        if (RAND_priv_bytes(secret.bytes_->data(), 32) != 1) {
            throw std::runtime_error("the system's random generator failed");
        }
    } while (secp256k1_ec_seckey_verify(secp256k1_context_static, secret.bytes_->data()) == 0);
    return secret;
}

}  // namespace stoa::keys
