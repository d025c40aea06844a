#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/ledger/ledger.hpp"

namespace stoa::ledger {

/// Runs a task on its event loop until it is done, and throws what it throws.
template <class T>
T run(boost::asio::io_context& loop, Task<T> task) {
    std::exception_ptr thrown;
    std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> result{};
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e) { thrown = e; });
    } else {
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e, T value) {
            thrown = e;
            if (!e) result.emplace(std::move(value));
        });
    }
    loop.restart();
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A folder that goes with the test.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "stoa-ledger-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline constexpr std::uint64_t kTestChain = 713371;

inline eth::Address account(std::uint8_t number) {
    eth::Address address;
    address.bytes.fill(number);
    return address;
}

/// Channels of one payer that differ in their salt.
inline payment::ChannelConfig test_config(std::uint8_t salt, std::uint8_t payer = 1) {
    payment::ChannelConfig config{account(payer), account(2), account(3), account(4),
                                  account(5),     3600,       {}};
    config.salt.bytes[31] = salt;
    return config;
}

inline ChannelId test_channel(std::uint8_t salt, std::uint8_t payer = 1) {
    static const payment::ChannelDomain domain{kTestChain};
    return domain.channel_id(test_config(salt, payer));
}

inline ChainState holding(std::uint64_t balance, std::uint64_t claimed = 0) {
    return {.balance = Amount{balance},
            .safe_balance = Amount{balance},
            .claimed = Amount{claimed},
            .withdrawing = {},
            .withdraw_requested_at = 0,
            .refund_nonce = 0,
            .block = 7};
}

}  // namespace stoa::ledger
