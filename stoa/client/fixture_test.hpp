#pragma once

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>

#include "stoa/client/context.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::client {

inline constexpr std::uint64_t kTestChain = 713371;

/// The same key for the same word.
inline std::unique_ptr<keys::Signer> key_of(std::string_view word) {
    auto secret = keys::Secret::from_bytes(eth::keccak256(word).bytes).value();
    return std::make_unique<keys::LocalSigner>(std::move(secret));
}

/// A folder that is gone with the test.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stoa-client-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline payment::Requirements offer_of(std::uint64_t amount) {
    payment::Requirements offered;
    offered.network = payment::network_name(kTestChain);
    offered.amount = Amount{amount};
    offered.asset = eth::address_literal("0x5FbDB2315678afecb367f032d93F642f64180aa3");
    offered.pay_to = eth::address_literal("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc");
    offered.max_timeout_seconds = 3600;
    offered.token_name = "Test USD";
    offered.token_version = "1";
    offered.receiver_authorizer =
        eth::address_literal("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
    offered.withdraw_delay_seconds = 3600;
    return offered;
}

inline ChannelMemory memory_of(const keys::Signer& wallet, const keys::Signer& session_key,
                               std::uint64_t balance) {
    const payment::Requirements offered = offer_of(0);
    ChannelMemory memory;
    memory.config.payer = wallet.address();
    memory.config.payer_authorizer = session_key.address();
    memory.config.receiver = offered.pay_to;
    memory.config.receiver_authorizer = *offered.receiver_authorizer;
    memory.config.token = offered.asset;
    memory.config.withdraw_delay_seconds = *offered.withdraw_delay_seconds;
    memory.channel_id = payment::ChannelDomain{kTestChain}.channel_id(memory.config);
    memory.balance = Amount{balance};
    return memory;
}

}  // namespace stoa::client
