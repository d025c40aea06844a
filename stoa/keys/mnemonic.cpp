#include "stoa/keys/mnemonic.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <secp256k1.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "stoa/keys/curve.hpp"
#include "stoa/keys/keystore.hpp"

namespace stoa::keys {
namespace {

constexpr std::uint32_t kHardened = 0x8000'0000;
constexpr std::size_t kMaxDepth = 16;

struct Sha512 {
    std::array<std::uint8_t, 64> bytes{};
    ~Sha512() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

void hmac_sha512(Bytes key, Bytes data, Sha512& out) {
    unsigned size = 64;
    if (HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
             out.bytes.data(), &size) == nullptr) {
        throw std::runtime_error("HMAC-SHA512 failed");
    }
}

/// The words with one space between them, or nothing when their number is none of BIP-39's.
std::optional<std::string> normalised(std::string_view phrase) {
    std::string words;
    std::size_t count = 0;
    while (true) {
        const auto begin = phrase.find_first_not_of(" \t\r\n");
        if (begin == phrase.npos) break;
        phrase.remove_prefix(begin);
        const auto size = std::min(phrase.find_first_of(" \t\r\n"), phrase.size());
        if (count++ != 0) words += ' ';
        words += phrase.substr(0, size);
        phrase.remove_prefix(size);
    }
    if (count < 12 || count > 24 || count % 3 != 0) return std::nullopt;
    return words;
}

/// m/44'/60'/0 → {44 + 2^31, 60 + 2^31, 0}
std::optional<std::vector<std::uint32_t>> parse_path(std::string_view path) {
    if (path.empty() || path.front() != 'm') return std::nullopt;
    path.remove_prefix(1);
    std::vector<std::uint32_t> steps;
    while (!path.empty()) {
        if (path.front() != '/' || steps.size() == kMaxDepth) return std::nullopt;
        path.remove_prefix(1);
        std::uint32_t index = 0;
        const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
        if (error != std::errc{} || index >= kHardened) return std::nullopt;
        path.remove_prefix(static_cast<std::size_t>(end - path.data()));
        if (!path.empty() && path.front() == '\'') {
            index |= kHardened;
            path.remove_prefix(1);
        }
        steps.push_back(index);
    }
    return steps;
}

}  // namespace

/// One node of the BIP-32 tree: key and chain code.
class Derivation {
  public:
    /// The root of `seed`; nothing when its key is not below the curve's order.
    static std::optional<Derivation> root(Bytes seed) {
        static constexpr std::string_view kSalt = "Bitcoin seed";
        Derivation node;
        hmac_sha512({reinterpret_cast<const std::uint8_t*>(kSalt.data()), kSalt.size()}, seed,
                    node.state_);
        if (!secp256k1_ec_seckey_verify(signing_context(), node.state_.bytes.data())) {
            return std::nullopt;
        }
        return node;
    }

    /// Moves to the child; false in the one of 2^127 cases where BIP-32 says there is none.
    bool descend(std::uint32_t index) {
        std::array<std::uint8_t, 37> data{};
        if ((index & kHardened) != 0) {
            std::copy_n(state_.bytes.begin(), 32, data.begin() + 1);
        } else {
            secp256k1_pubkey point;
            std::size_t size = 33;
            if (!secp256k1_ec_pubkey_create(signing_context(), &point, state_.bytes.data())) {
                return false;
            }
            secp256k1_ec_pubkey_serialize(signing_context(), data.data(), &size, &point,
                                          SECP256K1_EC_COMPRESSED);
        }
        for (int i = 0; i < 4; ++i) {
            data[33 + static_cast<std::size_t>(i)] =
                static_cast<std::uint8_t>(index >> (24 - 8 * i));
        }
        Sha512 step;
        hmac_sha512(Bytes{state_.bytes}.subspan(32), data, step);
        OPENSSL_cleanse(data.data(), data.size());
        if (!secp256k1_ec_seckey_tweak_add(signing_context(), state_.bytes.data(),
                                           step.bytes.data())) {
            return false;
        }
        std::copy_n(step.bytes.begin() + 32, 32, state_.bytes.begin() + 32);
        return true;
    }

    Result<Secret> secret() const { return Secret::from_bytes(Bytes{state_.bytes}.first(32)); }

  private:
    Sha512 state_;  // key, then chain code
};

Result<Secret> derive(std::string_view mnemonic, std::string_view path,
                      std::string_view passphrase) {
    auto words = normalised(mnemonic);
    if (!words) return fail(KeyError::not_a_mnemonic);
    const auto steps = parse_path(path);
    if (!steps) return fail(KeyError::not_a_path);

    const std::string salt = "mnemonic" + std::string(passphrase);
    Sha512 seed;
    const int done = PKCS5_PBKDF2_HMAC(words->data(), static_cast<int>(words->size()),
                                       reinterpret_cast<const unsigned char*>(salt.data()),
                                       static_cast<int>(salt.size()), 2048, EVP_sha512(),
                                       static_cast<int>(seed.bytes.size()), seed.bytes.data());
    OPENSSL_cleanse(words->data(), words->size());
    if (done != 1) throw std::runtime_error("PBKDF2 failed");

    auto node = Derivation::root(seed.bytes);
    for (const auto step : *steps) {
        if (!node || !node->descend(step)) return fail(KeyError::not_a_key);
    }
    if (!node) return fail(KeyError::not_a_key);
    return node->secret();
}

}  // namespace stoa::keys
