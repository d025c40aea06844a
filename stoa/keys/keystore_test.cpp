#include "stoa/keys/keystore.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "stoa/base/hex.hpp"
#include "stoa/eth/vectors_test.hpp"

namespace stoa::keys {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kCheap = 1024;

Secret secret(std::string_view digits) {
    Hash256 bytes;
    if (!parse_hex_digits_into(digits, bytes.bytes)) throw std::invalid_argument("hex");
    return Secret::from_bytes(bytes.bytes).value();
}

const std::string kDigits = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

// The two test vectors of the Web3 Secret Storage Definition.
const std::string kScrypt = R"({"crypto":{"cipher":"aes-128-ctr",
"cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
"ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",
"kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,
"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
"mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},
"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3})";
const std::string kPbkdf2 = R"({"crypto":{"cipher":"aes-128-ctr",
"cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
"kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",
"salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3})";

class Folder {
  public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "stoa-keys-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    operator const fs::path&() const { return path_; }  // NOLINT(google-explicit-constructor)
    fs::path operator/(const char* name) const { return path_ / name; }

  private:
    fs::path path_;
};

std::string text_of_file(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

unsigned mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777U;
}

TEST(KeystoreFile, OpensTheVectorsOfTheDefinition) {
    EXPECT_EQ(unseal(kScrypt, "testpassword")->address(), secret(kDigits).address());
    EXPECT_EQ(unseal(kPbkdf2, "testpassword")->address(), secret(kDigits).address());
}

TEST(KeystoreFile, OpensTheFilesThatOtherWalletsWrote) {
    int opened = 0;
    for (const auto& vector : eth::published_vectors("wallets")) {
        if (vector.at("type") != "secret-storage") continue;
        const auto key = unseal(vector.at("json").as_string(), vector.at("password").as_string());
        ASSERT_TRUE(key) << vector;
        EXPECT_EQ(eth::to_lower_hex(key->address()), vector.at("address").as_string());
        ++opened;
    }
    EXPECT_EQ(opened, 7);
}

TEST(KeystoreFile, OpensWhatItSealedWithThatPasswordOnly) {
    const std::string file = seal(secret(kDigits), "correct horse", kCheap);
    EXPECT_EQ(unseal(file, "correct horse")->address(), secret(kDigits).address());
    EXPECT_EQ(unseal(file, "correct horsf").error(), KeyError::wrong_password);
    EXPECT_EQ(unseal(file, "").error(), KeyError::wrong_password);
    EXPECT_EQ(address_in(file), secret(kDigits).address());
    EXPECT_EQ(file.find(kDigits), std::string::npos);
}

TEST(KeystoreFile, SealedTwiceIsNotTheSame) {
    EXPECT_NE(seal(secret(kDigits), "x", kCheap), seal(secret(kDigits), "x", kCheap));
}

TEST(KeystoreFile, DamagedAnywhereIsRefused) {
    const json::value good = json::parse(seal(secret(kDigits), "x", kCheap));
    const auto with = [&](std::string_view pointer, json::value value) {
        json::value file = good;
        file.at_pointer(pointer) = std::move(value);
        return unseal(json::serialize(file), "x").error();
    };
    EXPECT_EQ(with("/version", 1), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/cipher", "aes-128-cbc"), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/kdf", "argon2"), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/ciphertext", "00"), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/ciphertext", json::string(64, '0')), KeyError::wrong_password);
    EXPECT_EQ(with("/crypto/mac", json::string(64, '0')), KeyError::wrong_password);
    EXPECT_EQ(with("/crypto/mac", "zz"), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/kdfparams/n", 1000), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/kdfparams/n", -1), KeyError::not_a_keystore);
    EXPECT_EQ(with("/crypto/kdfparams/dklen", 16), KeyError::not_a_keystore);
    EXPECT_EQ(unseal("{}", "x").error(), KeyError::not_a_keystore);
    EXPECT_EQ(unseal("", "x").error(), KeyError::not_a_keystore);
    EXPECT_EQ(unseal("[]", "x").error(), KeyError::not_a_keystore);
    EXPECT_EQ(unseal(std::string(100'000, '['), "x").error(), KeyError::not_a_keystore);
}

TEST(KeystoreFile, AskingForTooMuchWorkIsRefusedBeforeItIsDone) {
    const json::value good = json::parse(seal(secret(kDigits), "x", kCheap));
    const auto with = [&](std::string_view pointer, std::uint64_t value) {
        json::value file = good;
        file.at_pointer(pointer) = value;
        return unseal(json::serialize(file), "x").error();
    };
    EXPECT_EQ(with("/crypto/kdfparams/n", std::uint64_t{1} << 40), KeyError::too_expensive);
    EXPECT_EQ(with("/crypto/kdfparams/r", 1'000'000), KeyError::too_expensive);
    EXPECT_EQ(with("/crypto/kdfparams/p", 1'000'000), KeyError::too_expensive);
    json::value slow = json::parse(kPbkdf2);
    slow.at_pointer("/crypto/kdfparams/c") = 4'000'000'000;
    EXPECT_EQ(unseal(json::serialize(slow), "x").error(), KeyError::too_expensive);
}

TEST(Keystore, MakesItsFolderAndPasswordForTheOwnerAlone) {
    const Folder folder;
    const auto store = Keystore::open(folder / "keys");
    ASSERT_TRUE(store);
    EXPECT_EQ(mode_of(folder / "keys"), 0700U);
    EXPECT_EQ(mode_of(folder / "keys/password"), 0600U);
    EXPECT_EQ(text_of_file(folder / "keys/password").size(), 65U);
    EXPECT_TRUE(store->list().empty());
}

TEST(Keystore, LoadsAfterARestartWhatItCreated) {
    const Folder folder;
    const auto made = Keystore::open(folder)->create("operator");
    ASSERT_TRUE(made);
    EXPECT_EQ(mode_of(folder / "operator.json"), 0600U);

    const auto store = Keystore::open(folder);
    EXPECT_EQ((*store->load("operator"))->address(), (*made)->address());
    EXPECT_EQ((*store->load_or_create("operator"))->address(), (*made)->address());
    ASSERT_EQ(store->list().size(), 1U);
    EXPECT_EQ(store->list()[0].name, "operator");
    EXPECT_EQ(store->list()[0].address, (*made)->address());
}

TEST(Keystore, NeverReplacesAKey) {
    const Folder folder;
    const auto store = Keystore::open(folder);
    const auto first = store->import("a", secret(kDigits));
    ASSERT_TRUE(first);
    EXPECT_EQ(store->create("a").error(), KeyError::name_taken);
    EXPECT_EQ(store->import("a", Secret::random()).error(), KeyError::name_taken);
    EXPECT_EQ((*store->load("a"))->address(), secret(kDigits).address());
}

TEST(Keystore, ReencryptsAnImportedFile) {
    const Folder folder;
    const auto store = Keystore::open(folder);
    EXPECT_EQ(store->import_file("old", kScrypt, "wrong").error(), KeyError::wrong_password);
    ASSERT_TRUE(store->import_file("old", kScrypt, "testpassword"));
    EXPECT_EQ((*store->load("old"))->address(), secret(kDigits).address());
}

TEST(Keystore, RefusesNamesThatLeaveTheFolder) {
    const Folder folder;
    const auto store = Keystore::open(folder);
    for (const auto* name : {"", "../x", "a/b", "A", ".hidden", "a.json", "-a", "a b",
                             "abcdefghijklmnopqrstuvwxyz0123456"}) {
        EXPECT_EQ(store->create(name).error(), KeyError::bad_name) << name;
        EXPECT_EQ(store->load(name).error(), KeyError::bad_name) << name;
    }
    EXPECT_EQ(store->load("missing").error(), KeyError::unknown_key);
}

TEST(Keystore, RefusesAPasswordThatOthersCanRead) {
    const Folder folder;
    ASSERT_TRUE(Keystore::open(folder));
    fs::permissions(folder / "password", fs::perms::owner_read | fs::perms::others_read);
    EXPECT_EQ(Keystore::open(folder).error(), KeyError::password_exposed);
}

TEST(Keystore, UsesAPasswordThatTheOwnerChose) {
    const Folder folder;
    std::ofstream(folder / "password") << "correct horse\r\n";
    fs::permissions(folder / "password", fs::perms::owner_read | fs::perms::owner_write);
    const auto made = Keystore::open(folder)->create("a");
    ASSERT_TRUE(made);
    EXPECT_EQ(unseal(text_of_file(folder / "a.json"), "correct horse")->address(),
              (*made)->address());
}

}  // namespace
}  // namespace stoa::keys
