#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/chain/http_rpc.hpp"
#include "stoa/chain/process.hpp"
#include "stoa/eth/eip712.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::chain::testing {

constexpr std::uint64_t kChainId = 713371;

inline std::filesystem::path anvil_path() {
    const std::filesystem::path npm =
        std::filesystem::path(STOA_SOURCE_DIR) / "contracts/node_modules/@foundry-rs";
    for (const char* arch : {"amd64", "arm64"}) {
        auto path = npm / (std::string("anvil-linux-") + arch) / "bin/anvil";
        if (std::filesystem::exists(path)) return path;
    }
    return {};
}

/// A folder that is gone with the object.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stoa-chain-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Of anvil's public mnemonic.
inline keys::LocalSigner signer(std::size_t account) {
    constexpr const char* kKeys[] = {
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"};
    return keys::LocalSigner(
        keys::Secret::from_bytes(parse_hex(kKeys[account], 32).value()).value());
}

/// An event loop and what stands on it.
struct Loop {
    boost::asio::io_context context;
    io::Client client{context.get_executor()};
    io::Pool pool{2};

    /// Runs a coroutine to its end, and throws what it throws.
    template <class F>
    void run(F f) {
        std::exception_ptr thrown;
        boost::asio::co_spawn(context, f(), [&](std::exception_ptr why) { thrown = why; });
        context.restart();
        context.run();
        if (thrown) std::rethrow_exception(thrown);
    }
};

/// A real anvil of its own, ended with the object.
class Anvil {
  public:
    explicit Anvil(std::vector<std::string> more = {}, std::uint64_t chain_id = kChainId) {
        arguments_ = {"--host",  "127.0.0.1",           "--chain-id", std::to_string(chain_id),
                      "--quiet", "--slots-in-an-epoch", "1"};
        arguments_.insert(arguments_.end(), more.begin(), more.end());
        start(free_port());
    }
    ~Anvil() { end(); }
    Anvil(const Anvil&) = delete;

    void start(std::uint16_t port) {
        port_ = port;
        auto arguments = arguments_;
        arguments.emplace_back("--port");
        arguments.push_back(std::to_string(port));
        process_ = spawn_detached(anvil_path(), arguments, folder_ / "log");
    }
    void end() { end_process(process_, std::chrono::seconds(10)); }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::uint16_t port() const { return port_; }

    /// A connection, once it answers.
    Task<std::unique_ptr<HttpRpc>> connect(Loop& loop) const {
        HttpRpcConfig config;
        config.urls = {url()};
        config.cooldown = std::chrono::milliseconds(0);
        config.pin.chain_id = co_await first_answer(loop);
        co_return std::make_unique<HttpRpc>(loop.client, loop.pool, std::move(config));
    }

  private:
    Task<std::uint64_t> first_answer(Loop& loop) const {
        HttpRpcConfig config;
        config.urls = {url()};
        config.cooldown = std::chrono::milliseconds(0);
        config.pin.chain_id = chain_id_of(arguments_);
        HttpRpc rpc(loop.client, loop.pool, config);
        for (;;) {
            try {
                co_return co_await chain_id(rpc);
            } catch (const RpcFailure&) {
                if (!is_alive(process_)) throw;
            }
            co_await io::sleep_for(std::chrono::milliseconds(10));
        }
    }
    static std::uint64_t chain_id_of(const std::vector<std::string>& arguments) {
        return std::stoull(arguments[3]);
    }

    Folder folder_;
    std::vector<std::string> arguments_;
    Process process_;
    std::uint16_t port_ = 0;
};

template <class... Values>
json::array list(Values&&... values) {
    json::array all;
    (all.emplace_back(std::forward<Values>(values)), ...);
    return all;
}

/// A contract that logs n, n-1 … 1 as topic and data, for calls with n as a word.
inline Task<eth::Address> deploy_counter(Rpc& rpc) {
    const json::object transaction{{"from", to_hex(signer(0).address().bytes)},
                                   {"gas", "0x100000"},
                                   {"data",
                                    "0x601c8060093d393df3"
                                    "6000355b8015601a57806000528060206000a1600190036003565b00"}};
    const auto hash = co_await rpc.get("eth_sendTransaction", list(transaction));
    for (;;) {
        if (const auto found = co_await receipt(rpc, read_hash(hash))) co_return *found->created;
        co_await io::sleep_for(std::chrono::milliseconds(5));
    }
}

inline ByteVector word_of(std::uint64_t number) {
    const auto word = eth::word(number);
    return {word.bytes.begin(), word.bytes.end()};
}

/// Sent by an unlocked account; returns at once.
inline Task<Hash256> poke(Rpc& rpc, eth::Address contract, std::uint64_t n,
                          std::size_t account = 1) {
    const json::object transaction{{"from", to_hex(signer(account).address().bytes)},
                                   {"to", to_hex(contract.bytes)},
                                   {"gas", "0x1c00000"},
                                   {"data", to_hex(word_of(n))}};
    co_return read_hash(co_await rpc.get("eth_sendTransaction", list(transaction)));
}

/// The same, and waits for its block.
inline Task<void> poked(Rpc& rpc, eth::Address contract, std::uint64_t n) {
    const auto hash = co_await poke(rpc, contract, n);
    while (!co_await receipt(rpc, hash)) co_await io::sleep_for(std::chrono::milliseconds(5));
}

/// A test that needs `file` fails where it lacks; it is skipped only where STOA_MAY_SKIP says that
/// this is known.
#define STOA_NEEDS_FILE(file, how)                                        \
    if (const std::filesystem::path needed = (file);                      \
        needed.empty() || !std::filesystem::exists(needed)) {             \
        if (std::getenv("STOA_MAY_SKIP") != nullptr) GTEST_SKIP() << how; \
        FAIL() << how << ", or set STOA_MAY_SKIP";                        \
    }                                                                     \
    static_assert(true)

#define STOA_NEEDS_ANVIL() \
    STOA_NEEDS_FILE(::stoa::chain::testing::anvil_path(), "run npm ci in contracts/")

}  // namespace stoa::chain::testing
