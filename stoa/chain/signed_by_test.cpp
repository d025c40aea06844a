#include "stoa/chain/signed_by.hpp"

#include <gtest/gtest.h>

#include "stoa/chain/smart_account_test.hpp"
#include "stoa/eth/signature.hpp"

namespace stoa::chain {
namespace {

using testing::signer;

const std::filesystem::path kGenesis =
    std::filesystem::path(STOA_SOURCE_DIR) / "build/genesis/1337.json";  // Has Multicall3.

ByteVector signed_with(std::size_t account, const Hash256& digest) {
    const auto signature = signer(account).sign_typed_digest(digest);
    return {signature.bytes.begin(), signature.bytes.end()};
}

Task<void> expect(Rpc& rpc, bool wanted, eth::Address account, Hash256 digest,
                  ByteVector signature) {
    const bool said = co_await is_signed_by(rpc, account, digest, std::move(signature));
    EXPECT_EQ(said, wanted);
}

const Hash256 kDigest = eth::keccak256("what is signed");

TEST(signed_by, a_key_signs_for_its_own_account_alone) {
    STOA_NEEDS_ANVIL();
    testing::Anvil anvil;
    testing::Loop loop;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        auto signature = signed_with(1, kDigest);
        const auto owner = signer(1).address();
        co_await expect(*rpc, true, owner, kDigest, signature);
        co_await expect(*rpc, false, signer(2).address(), kDigest, signature);
        co_await expect(*rpc, false, owner, eth::keccak256("else"), signature);
        signature[64] = static_cast<std::uint8_t>(signature[64] - 27);
        co_await expect(*rpc, true, owner, kDigest, signature);
        signature[64] = 2;
        co_await expect(*rpc, false, owner, kDigest, signature);
        ByteVector none;
        co_await expect(*rpc, false, owner, kDigest, none);
    });
}

TEST(signed_by, a_contract_says_who_signs_for_it) {
    STOA_NEEDS_ANVIL();
    testing::Anvil anvil;
    testing::Loop loop;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        const testing::SmartAccount account(signer(1).address());
        const auto signature = signed_with(1, kDigest);
        co_await expect(*rpc, false, account.address, kDigest, signature);
        co_await account.deploy(*rpc);
        co_await expect(*rpc, true, account.address, kDigest, signature);
        const auto strangers = signed_with(2, kDigest);
        co_await expect(*rpc, false, account.address, kDigest, strangers);
        ByteVector longer(kMaxAccountSignatureBytes + 1);
        co_await expect(*rpc, false, account.address, kDigest, longer);
    });
}

TEST(signed_by, a_contract_that_is_not_deployed_yet_is_asked_in_a_simulation) {
    STOA_NEEDS_ANVIL();
    STOA_NEEDS_FILE(kGenesis, "run npm run genesis in contracts/");
    testing::Anvil anvil({"--load-state", kGenesis.string()});
    testing::Loop loop;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        const testing::SmartAccount account(signer(1).address());
        const auto signature = account.wrapped(signed_with(1, kDigest));
        co_await expect(*rpc, true, account.address, kDigest, signature);
        const auto code_after = co_await code(*rpc, account.address);
        EXPECT_TRUE(code_after.empty());

        const auto strangers = account.wrapped(signed_with(2, kDigest));
        co_await expect(*rpc, false, account.address, kDigest, strangers);
        const auto elsewhere = signer(3).address();
        co_await expect(*rpc, false, elsewhere, kDigest, signature);
        ByteVector broken(signature.end() - 64, signature.end());
        co_await expect(*rpc, false, account.address, kDigest, broken);

        co_await account.deploy(*rpc);
        co_await expect(*rpc, true, account.address, kDigest, signature);
        co_await expect(*rpc, false, account.address, kDigest, strangers);
    });
}

}  // namespace
}  // namespace stoa::chain
