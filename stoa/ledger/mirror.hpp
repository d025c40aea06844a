#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/chain/follower.hpp"
#include "stoa/io/log.hpp"
#include "stoa/ledger/channel_reader.hpp"
#include "stoa/ledger/channels.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::ledger {

/// Keeps the chain's side of our channels. Logs only say which channels to look at; what counts is
/// read whole, so that a missed, doubled or undone log can't leave a wrong balance.
class Mirror final : public chain::LogSink {
  public:
    Mirror(boost::asio::any_io_executor, Ledger&, ChannelReader, io::Log log = {});

    /// Called on the event loop for channels whose payer asks the contract for its money.
    void on_leaving(std::function<void(const ChannelId&)> call) { leaving_ = std::move(call); }

    ChannelReader& reader() { return reader_; }

    /// Reads now. Throws `chain::RpcFailure`.
    Task<void> refresh(ChannelId);
    /// At start and after every gap.
    Task<void> refresh_all();

    std::vector<eth::Address> contracts() const override { return {reader_.contract()}; }
    void apply(db::Session&, const chain::Header&, std::span<const chain::Log>) override;
    void undo(db::Session&, std::uint64_t keep) override;
    void wipe(db::Session&) override;
    void advanced(const chain::Heads&, std::optional<std::uint64_t> undone_to) override;

  private:
    /// Of `ids` those whose state came from an older block than is known: to be read again.
    Task<std::vector<ChannelId>> store(std::vector<ChannelId> ids);
    Task<void> catch_up();
    void collect(const chain::Heads&, std::optional<std::uint64_t> undone_to);

    boost::asio::any_io_executor executor_;
    Ledger& ledger_;
    ChannelReader reader_;
    io::Log log_;
    std::function<void(const ChannelId&)> leaving_;

    std::mutex mutex_;
    std::unordered_set<ChannelId> seen_;  ///< Guarded: filled on a thread of the pool.
    bool all_seen_ = true;                ///< Guarded; true at start: logs may have been missed.

    std::unordered_set<ChannelId> due_;
    /// Channels whose known block may be one that the chain took back, with the oldest block that
    /// counts as news of them.
    std::unordered_map<ChannelId, std::uint64_t> floors_;
    std::uint64_t forks_ = 0;  ///< A read that began before one is not news.
    bool is_following_ = false;
    std::uint64_t safe_ = 0;
    bool running_ = false;
};

}  // namespace stoa::ledger
