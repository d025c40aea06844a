#pragma once

#include <string_view>

#include "stoa/keys/secret.hpp"

namespace stoa::keys {

/// The path of an Ethereum account's key, index 0 (BIP-44).
constexpr std::string_view kFirstAccount = "m/44'/60'/0'/0/0";

/// The key that wallets derive from a recovery phrase (BIP-39 seed, BIP-32 path). Words are
/// separated by white space; their checksum is not verified, since the lists are the wallets': show
/// the address before use. Non-English phrases and passphrases must be given in NFKD form.
Result<Secret> derive(std::string_view mnemonic, std::string_view path = kFirstAccount,
                      std::string_view passphrase = {});

}  // namespace stoa::keys
