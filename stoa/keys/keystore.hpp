// The only holder of private keys. Keys rest in files of the Web3 Secret Storage Definition
// (keystore v3), which every Ethereum wallet reads; in memory they live inside a `Secret`. Other
// modules see a `Signer`, which signs messages of a known form and never gives a key away.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoa/base/error.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::keys {

enum class KeyError {
    not_a_key = 1,     ///< Not 32 bytes, zero, or not below the curve's order.
    not_a_keystore,    ///< Not a keystore file of version 3 with scrypt or PBKDF2.
    too_expensive,     ///< The file asks for more memory or work than `kMaxScryptBytes` allows.
    wrong_password,    ///< The MAC differs.
    not_a_mnemonic,    ///< Not 12, 15, 18, 21 or 24 words of lower-case letters.
    not_a_path,        ///< Not a BIP-32 path such as m/44'/60'/0'/0/0.
    bad_name,          ///< A key's name is [a-z0-9][a-z0-9_-]{0,31}.
    name_taken,        ///< A key of that name is there already.
    unknown_key,       ///< No key of that name.
    password_exposed,  ///< Others may read the password file: `chmod 600`.
};

ErrorText text_of(KeyError);
std::error_code make_error_code(KeyError);

/// A file that asks for more than this is refused, or opening it would take the node down.
constexpr std::size_t kMaxScryptBytes = std::size_t{1} << 29;

/// Work factor of scrypt for new files: 128 MiB and about half a second.
constexpr std::uint64_t kScryptN = std::uint64_t{1} << 17;

/// The JSON text of a keystore file for `secret`. `scrypt_n` is a power of two.
std::string seal(const Secret& secret, std::string_view password,
                 std::uint64_t scrypt_n = kScryptN);

/// The address that a keystore file names, unproven until the file is opened.
std::optional<eth::Address> address_in(std::string_view json);

/// The key in a keystore file; scrypt and PBKDF2-HMAC-SHA256, aes-128-ctr.
Result<Secret> unseal(std::string_view json, std::string_view password);

/// A folder of keystore files, one per name, and the password file that opens them. The folder has
/// mode 0700 and its files 0600; a key is on disk, synced, before its address is told to anyone.
class Keystore {
  public:
    /// Creates the folder, and the file `password` with 256 random bits, where they are missing.
    static Result<Keystore> open(std::filesystem::path folder);

    struct Entry {
        std::string name;
        eth::Address address;
    };
    std::vector<Entry> list() const;

    /// Each takes about half a second: run it on a pool.
    Result<std::unique_ptr<Signer>> load(std::string_view name) const;
    Result<std::unique_ptr<Signer>> create(std::string_view name) const;
    Result<std::unique_ptr<Signer>> load_or_create(std::string_view name) const;
    Result<std::unique_ptr<Signer>> import(std::string_view name, Secret) const;
    /// The text of a keystore file, re-encrypted with the file password of this folder.
    Result<std::unique_ptr<Signer>> import_file(std::string_view name, std::string_view json,
                                                std::string_view password) const;

  private:
    explicit Keystore(std::filesystem::path folder, std::string password);

    std::filesystem::path folder_;
    std::shared_ptr<const std::string> password_;
};

}  // namespace stoa::keys

template <>
struct std::is_error_code_enum<stoa::keys::KeyError> : std::true_type {};
