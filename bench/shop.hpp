// A node that sells one model, without a chain: ledger on disk, routes, server and signatures are
// the real ones, and channels come into the ledger as deposits bring them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "stoa/gateway/paid.hpp"
#include "stoa/io/http_server.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::bench {

/// A folder that goes with the measurement.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Answers at once: seven tokens in, three out.
std::shared_ptr<inference::Engine> trivial_engine();

/// Runs on a thread of its own from `open` on.
class Shop {
  public:
    static constexpr std::uint64_t kChain = 713371;

    /// `make` is called with the loop on which the engine will be used.
    using MakeEngine =
        std::function<std::shared_ptr<inference::Engine>(boost::asio::any_io_executor)>;
    Shop(std::size_t channels, const MakeEngine&);
    ~Shop();

    void open();
    unsigned short port() const { return port_; }

    /// On the shop's thread; waits for it.
    template <class T>
    T run(Task<T> task) {
        return boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future).get();
    }

    /// The bytes of a call that isn't paid, and of one whose channel was charged `charged` before.
    std::string unpaid(const std::string& body) const;
    std::string paid(std::size_t channel, const Amount& charged, const Amount& amount,
                     const std::string& body) const;
    /// What was charged to a channel.
    Amount charged(std::size_t channel);

    inference::Engine& engine() { return *engine_; }

  private:
    Task<bool> fill();
    std::string request(const std::string& payment, const std::string& body) const;
    keys::LocalSigner session(std::size_t channel) const;
    payment::ChannelConfig config(std::size_t channel) const;

    struct Parts;
    Folder folder_;
    boost::asio::io_context loop_{1};
    std::size_t channels_;
    std::shared_ptr<inference::Engine> engine_;
    std::unique_ptr<Parts> parts_;
    unsigned short port_ = 0;
    std::thread thread_;
};

}  // namespace stoa::bench
