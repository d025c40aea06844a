#include "stoa/keys/keystore.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "stoa/base/hex.hpp"

namespace stoa::keys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 16 * 1024;
constexpr std::string_view kSuffix = ".json";

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

class File {
  public:
    File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    bool is_open() const { return fd_ >= 0; }
    int fd() const { return fd_; }

  private:
    int fd_;
};

void sync_folder(const fs::path& folder) {
    const File handle(folder, O_RDONLY | O_DIRECTORY);
    if (!handle.is_open() || ::fsync(handle.fd()) != 0) throw_errno("sync " + folder.string());
}

/// Whole and synced, or not there at all. False when a file of that name is there already.
bool write_new(const fs::path& path, std::string_view text) {
    const fs::path draft = path.string() + ".new";
    {
        const File file(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
        if (!file.is_open() ||
            ::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.fd()) != 0) {
            throw_errno("write " + draft.string());
        }
    }
    const int linked = ::link(draft.c_str(), path.c_str());
    const int why = errno;
    ::unlink(draft.c_str());
    if (linked != 0) {
        if (why == EEXIST) return false;
        errno = why;
        throw_errno("create " + path.string());
    }
    sync_folder(path.parent_path());
    return true;
}

std::string read_small(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kMaxFileBytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || !file.eof()) throw std::runtime_error("cannot read " + path.string());
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool valid_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 32 && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || c == '-' || c == '_'; });
}

std::string new_password() {
    std::array<std::uint8_t, 32> bits{};
    if (RAND_priv_bytes(bits.data(), static_cast<int>(bits.size())) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return to_hex_digits(bits) + "\n";
}

}  // namespace

ErrorText text_of(KeyError error) {
    switch (error) {
        case KeyError::not_a_key: return {"not_a_key", "this is not a secp256k1 private key"};
        case KeyError::not_a_keystore:
            return {"not_a_keystore", "this is not a keystore file of version 3"};
        case KeyError::too_expensive:
            return {"too_expensive", "the keystore file asks for too much memory or work"};
        case KeyError::wrong_password:
            return {"wrong_password", "the password does not open this key"};
        case KeyError::not_a_mnemonic:
            return {"not_a_mnemonic", "a recovery phrase has 12, 15, 18, 21 or 24 words"};
        case KeyError::not_a_path:
            return {"not_a_path", "this is not a derivation path such as m/44'/60'/0'/0/0"};
        case KeyError::bad_name:
            return {"bad_key_name", "a key's name is made of a-z, 0-9, - and _, 32 at most"};
        case KeyError::name_taken: return {"key_name_taken", "there is a key of that name already"};
        case KeyError::unknown_key: return {"unknown_key", "there is no key of that name"};
        case KeyError::password_exposed:
            return {"password_exposed", "others can read the password file: chmod 600 it"};
    }
    return {"unexpected", "unknown key error"};
}

std::error_code make_error_code(KeyError error) {
    return error_code_of("keys", error);
}

Keystore::Keystore(fs::path folder, std::string password)
    : folder_(std::move(folder)),
      password_(new std::string(std::move(password)), [](std::string* text) {
          OPENSSL_cleanse(text->data(), text->size());
          delete text;
      }) {}

Result<Keystore> Keystore::open(fs::path folder) {
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::owner_all);
    const fs::path file = folder / "password";
    if (!fs::exists(file)) write_new(file, new_password());

    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) throw_errno("stat " + file.string());
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return fail(KeyError::password_exposed);

    std::string password = read_small(file);
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
        password.pop_back();
    }
    return Keystore(std::move(folder), std::move(password));
}

std::vector<Keystore::Entry> Keystore::list() const {
    std::vector<Entry> entries;
    for (const auto& item : fs::directory_iterator(folder_)) {
        const fs::path& path = item.path();
        if (path.extension() != kSuffix || !valid_name(path.stem().string())) continue;
        if (auto address = address_in(read_small(path))) {
            entries.push_back({path.stem().string(), *address});
        }
    }
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
}

Result<std::unique_ptr<Signer>> Keystore::load(std::string_view name) const {
    if (!valid_name(name)) return fail(KeyError::bad_name);
    const fs::path path = folder_ / (std::string(name) + std::string(kSuffix));
    if (!fs::exists(path)) return fail(KeyError::unknown_key);
    auto secret = unseal(read_small(path), *password_);
    if (!secret) return tl::unexpected(secret.error());
    return std::make_unique<LocalSigner>(std::move(*secret));
}

Result<std::unique_ptr<Signer>> Keystore::import(std::string_view name, Secret secret) const {
    if (!valid_name(name)) return fail(KeyError::bad_name);
    const fs::path path = folder_ / (std::string(name) + std::string(kSuffix));
    if (fs::exists(path) || !write_new(path, seal(secret, *password_))) {
        return fail(KeyError::name_taken);
    }
    return std::make_unique<LocalSigner>(std::move(secret));
}

Result<std::unique_ptr<Signer>> Keystore::create(std::string_view name) const {
    return import(name, Secret::random());
}

Result<std::unique_ptr<Signer>> Keystore::load_or_create(std::string_view name) const {
    auto signer = load(name);
    if (!signer && signer.error() == KeyError::unknown_key) return create(name);
    return signer;
}

Result<std::unique_ptr<Signer>> Keystore::import_file(std::string_view name, std::string_view text,
                                                      std::string_view password) const {
    auto secret = unseal(text, password);
    if (!secret) return tl::unexpected(secret.error());
    return import(name, std::move(*secret));
}

}  // namespace stoa::keys
