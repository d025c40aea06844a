#include "stoa/client/context.hpp"

#include <sys/random.h>

#include <algorithm>

#include "stoa/io/file.hpp"

namespace stoa::client {

keys::Keystore Context::keystore() const {
    return value_or_failure(keys::Keystore::open(data / "keys"), (data / "keys").string(),
                            "Run: chmod 600 " + (data / "keys" / "password").string());
}

keys::Keystore::Entry Context::key_entry(const std::string& name) const {
    const auto entries = keystore().list();
    if (name.empty()) {
        if (entries.size() == 1) return entries.front();
        throw Failure(entries.empty() ? "no_key" : "which_key",
                      entries.empty() ? "There is no key yet." : "There are several keys.",
                      entries.empty()
                          ? "Make one: stoa key new me"
                          : "Say which: --key NAME (they are listed by `stoa key list`).");
    }
    const auto found = std::ranges::find(entries, name, &keys::Keystore::Entry::name);
    if (found == entries.end()) {
        throw Failure("unknown_key",
                      "There is no key \"" + name + "\" in " + (data / "keys").string() + '.',
                      "Make it: stoa key new " + name + ", or list them: stoa key list");
    }
    return *found;
}

std::unique_ptr<keys::Signer> Context::signer(const std::string& name) const {
    const std::string chosen = key_entry(name).name;
    return value_or_failure(keystore().load(chosen), "The key \"" + chosen + '"',
                            "Restore the file " + (data / "keys" / (chosen + ".json")).string() +
                                " and the password file beside it from your backup.");
}

std::unique_ptr<keys::Signer> Context::session_key() const {
    const auto folder = data / "sessions" / "keys";
    const std::string fix = "Close the sessions with `stoa session close`, then move " +
                            folder.string() + " away: a new key is made.";
    const auto store = value_or_failure(keys::Keystore::open(folder), folder.string(), fix);
    return value_or_failure(store.load_or_create("session"), "The sessions' key", fix);
}

eth::Address owner_of(const Context& context, const std::string& key, const std::string& owner) {
    if (owner.empty()) return context.key_entry(key).address;
    return value_or_failure(eth::parse_address_any_case(owner), "--owner",
                            "Write it as 0x and 40 digits.");
}

Hash256 random_hash() {
    Hash256 hash;
    // Up to 256 bytes come whole, or not at all.
    if (getrandom(hash.bytes.data(), hash.bytes.size(), 0) !=
        static_cast<ssize_t>(hash.bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    return hash;
}

std::string read_input(const std::filesystem::path& path, std::size_t max_bytes) {
    try {
        return io::read_file(path, max_bytes);
    } catch (const std::system_error& error) {
        throw Failure("unreadable_file",
                      "Can't read " + path.string() + ": " + error.code().message() + '.',
                      "Check the path and the file's size and permissions.");
    }
}

}  // namespace stoa::client
