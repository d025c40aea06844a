// The keystore file: Web3 Secret Storage Definition, version 3.
#include <cryptopp/scrypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/keys/keystore.hpp"

namespace stoa::keys {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kBlockSize = 8;           // scrypt's r
constexpr std::uint64_t kMaxRounds = 10'000'000;  // of PBKDF2

struct DerivedKey {
    std::array<std::uint8_t, 32> bytes{};
    ~DerivedKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

// Crypto++ and not OpenSSL: the latter insists on N < 2^(16r), which the definition's own test
// vector violates.
void scrypt(std::string_view password, Bytes salt, std::uint64_t n, std::uint64_t r,
            std::uint64_t p, DerivedKey& out) {
    const Bytes text = as_bytes(password);
    CryptoPP::Scrypt{}.DeriveKey(out.bytes.data(), out.bytes.size(), text.data(), text.size(),
                                 salt.data(), salt.size(), n, r, p);
}

void pbkdf2(std::string_view password, Bytes salt, std::uint64_t rounds, DerivedKey& out) {
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                          static_cast<int>(salt.size()), static_cast<int>(rounds), EVP_sha256(),
                          static_cast<int>(out.bytes.size()), out.bytes.data()) != 1) {
        throw std::runtime_error("PBKDF2 failed");
    }
}

void aes_128_ctr(Bytes key, Bytes iv, Bytes in, std::span<std::uint8_t> out) {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    if (!context ||
        EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) != 1 ||
        EVP_EncryptUpdate(context.get(), out.data(), &size, in.data(),
                          static_cast<int>(in.size())) != 1) {
        throw std::runtime_error("AES-128-CTR failed");
    }
}

Hash256 mac_of(const DerivedKey& key, Bytes ciphertext) {
    ByteVector data(key.bytes.begin() + 16, key.bytes.end());
    data.insert(data.end(), ciphertext.begin(), ciphertext.end());
    const Hash256 mac = eth::keccak256(data);
    OPENSSL_cleanse(data.data(), data.size());
    return mac;
}

template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
    std::array<std::uint8_t, N> bytes{};
    if (RAND_bytes(bytes.data(), N) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return bytes;
}

/// What a file says, still unproven.
struct Fields {
    std::string kdf;
    ByteVector salt, iv, ciphertext, mac;
    std::uint64_t n = 0, r = 0, p = 0, rounds = 0;
};

// Boost.JSON's throwing accessors are caught by `unseal`: any surprise is `not_a_keystore`.
Fields fields_of(const json::object& file) {
    const auto bytes = [](const json::value& text) {
        ByteVector out(text.as_string().size() / 2);
        if (!parse_hex_digits_into(text.as_string(), out)) throw std::invalid_argument("hex");
        return out;
    };
    const auto number = [](const json::value& value) { return value.to_number<std::uint64_t>(); };
    const json::object& crypto =
        (file.contains("crypto") ? file.at("crypto") : file.at("Crypto")).as_object();
    const json::object& kdf = crypto.at("kdfparams").as_object();

    Fields fields;
    if (number(file.at("version")) != 3 || crypto.at("cipher").as_string() != "aes-128-ctr" ||
        number(kdf.at("dklen")) != 32) {
        throw std::invalid_argument("not a keystore of version 3");
    }
    fields.kdf = crypto.at("kdf").as_string();
    fields.salt = bytes(kdf.at("salt"));
    fields.iv = bytes(crypto.at("cipherparams").at("iv"));
    fields.ciphertext = bytes(crypto.at("ciphertext"));
    fields.mac = bytes(crypto.at("mac"));
    if (fields.kdf == "scrypt") {
        fields.n = number(kdf.at("n"));
        fields.r = number(kdf.at("r"));
        fields.p = number(kdf.at("p"));
    } else if (fields.kdf == "pbkdf2" && kdf.at("prf").as_string() == "hmac-sha256") {
        fields.rounds = number(kdf.at("c"));
    } else {
        throw std::invalid_argument("unknown key derivation");
    }
    if (fields.iv.size() != 16 || fields.ciphertext.size() != 32 || fields.mac.size() != 32) {
        throw std::invalid_argument("wrong sizes");
    }
    return fields;
}

/// scrypt needs 128·n·r bytes, p times one after the other.
Result<void> affordable(const Fields& fields) {
    if (fields.kdf == "pbkdf2") {
        if (fields.rounds == 0 || fields.rounds > kMaxRounds) return fail(KeyError::too_expensive);
        return {};
    }
    const bool power_of_two = fields.n > 1 && (fields.n & (fields.n - 1)) == 0;
    if (!power_of_two || fields.r == 0 || fields.p == 0) return fail(KeyError::not_a_keystore);
    if (fields.p > 16 || fields.r > 64 || fields.n > kMaxScryptBytes / (128 * fields.r)) {
        return fail(KeyError::too_expensive);
    }
    return {};
}

std::string random_uuid() {
    auto id = random_bytes<16>();
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
    std::string text = to_hex_digits(id);
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
    return text;
}

}  // namespace

/// The one friend of `Secret` that moves its bytes into and out of files.
class Sealer {
  public:
    static Bytes bytes(const Secret& secret) { return secret.bytes(); }
};

std::string seal(const Secret& secret, std::string_view password, std::uint64_t scrypt_n) {
    const auto salt = random_bytes<32>();
    const auto iv = random_bytes<16>();
    DerivedKey key;
    scrypt(password, salt, scrypt_n, kBlockSize, 1, key);
    std::array<std::uint8_t, 32> ciphertext{};
    aes_128_ctr(Bytes{key.bytes}.first(16), iv, Sealer::bytes(secret), ciphertext);

    const json::value file{{"address", to_hex_digits(secret.address().bytes)},
                           {"crypto",
                            {{"cipher", "aes-128-ctr"},
                             {"cipherparams", {{"iv", to_hex_digits(iv)}}},
                             {"ciphertext", to_hex_digits(ciphertext)},
                             {"kdf", "scrypt"},
                             {"kdfparams",
                              {{"dklen", 32},
                               {"n", scrypt_n},
                               {"p", 1},
                               {"r", kBlockSize},
                               {"salt", to_hex_digits(salt)}}},
                             {"mac", to_hex_digits(mac_of(key, ciphertext).bytes)}}},
                           {"id", random_uuid()},
                           {"version", 3}};
    return json::serialize(file);
}

std::optional<eth::Address> address_in(std::string_view text) {
    boost::system::error_code error;
    const json::value file = json::parse(text, error);
    if (error || !file.is_object()) return std::nullopt;
    const json::value* field = file.as_object().if_contains("address");
    if (field == nullptr || !field->is_string()) return std::nullopt;
    eth::Address address;
    if (!parse_hex_digits_into(field->as_string(), address.bytes)) return std::nullopt;
    return address;
}

Result<Secret> unseal(std::string_view text, std::string_view password) {
    Fields fields;
    try {
        fields = fields_of(json::parse(text).as_object());
    } catch (const std::exception&) {
        return fail(KeyError::not_a_keystore);
    }
    if (auto fits = affordable(fields); !fits) return tl::unexpected(fits.error());

    DerivedKey key;
    if (fields.kdf == "scrypt") {
        scrypt(password, fields.salt, fields.n, fields.r, fields.p, key);
    } else {
        pbkdf2(password, fields.salt, fields.rounds, key);
    }
    const Hash256 mac = mac_of(key, fields.ciphertext);
    if (CRYPTO_memcmp(mac.bytes.data(), fields.mac.data(), fields.mac.size()) != 0) {
        return fail(KeyError::wrong_password);
    }
    DerivedKey plain;
    aes_128_ctr(Bytes{key.bytes}.first(16), fields.iv, fields.ciphertext, plain.bytes);
    return Secret::from_bytes(plain.bytes);
}

}  // namespace stoa::keys
