// What the command line does: a command is a function of a `Context` and its options, apart from
// the parsing of arguments (command_line.cpp). Commands talk to one node over HTTP, sign with keys
// of this machine, and keep what they must remember (keys, sessions) in one folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "stoa/client/chain.hpp"
#include "stoa/client/session_store.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/keys/keystore.hpp"

namespace stoa::client {

struct Context {
    Node& node;
    Output& out;
    const io::Clock& clock;
    std::filesystem::path data;

    SessionStore sessions() const { return SessionStore{data / "sessions"}; }

    /// The user's keys. Throws `Failure` where others can read them.
    keys::Keystore keystore() const;

    /// The key that `--key` names, or without it the only one there is. Throws `Failure`.
    keys::Keystore::Entry key_entry(const std::string& name) const;
    /// Opens it; half a second.
    std::unique_ptr<keys::Signer> signer(const std::string& name) const;

    /// The one key that signs vouchers of all sessions of this folder; made at the first use.
    std::unique_ptr<keys::Signer> session_key() const;

    std::uint64_t now() const { return static_cast<std::uint64_t>(unix_seconds(clock.now())); }
};

/// What a `Result` holds, or the `Failure` that it means for the user.
template <class T>
T value_or_failure(Result<T> result, const std::string& about, std::string fix) {
    if (!result) throw Failure(result.error(), about, std::move(fix));
    return *std::move(result);
}

/// The account that `--owner` names, or else the address of the key that `--key` does.
eth::Address owner_of(const Context&, const std::string& key, const std::string& owner);

/// 32 bytes of the system's generator.
Hash256 random_hash();

/// The text of a file that an option names. Throws `Failure`.
std::string read_input(const std::filesystem::path&, std::size_t max_bytes);

}  // namespace stoa::client
