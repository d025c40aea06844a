#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "stoa/chain/http_rpc.hpp"
#include "stoa/chain/process.hpp"

namespace stoa::chain {

struct EmbeddedConfig {
    std::filesystem::path anvil;    ///< The native binary, not npm's wrapper.
    std::filesystem::path genesis;  ///< State made by the deployment script; empty: an empty chain.
    std::filesystem::path folder;   ///< Pid file, state, log, kept transactions; is created.
    std::uint64_t chain_id = 1337;
    std::uint16_t port = 0;               ///< 0: chosen by the system.
    std::chrono::seconds block_time{12};  ///< Of empty blocks; transactions are mined at once.
    std::chrono::seconds dump_every{30};
    std::chrono::seconds patience{30};  ///< For anvil to answer after its start, and to end.
    /// For the state that is set aside at the end; a chain that hangs must not hold it.
    std::chrono::milliseconds last_dump{12'000};
    /// Of the deployment. What answers is ours only if this holds.
    std::optional<Hash256> genesis_hash;
};

/// The chain that comes with the node: an anvil in a session of its own. It survives our death and
/// is found again by the next `start`. anvil writes nothing by itself, so its state is asked for
/// every half minute and at the end, and set aside whole; transactions that it took since are kept
/// and sent again when it had to be started from an older state, which its followers see as a
/// reorganisation. Lives on one event loop.
///
/// `folder`: anvil.pid ("PID START"), anvil.port, anvil.log, state.json, genesis.keccak, kept (a
/// transaction a line). A genesis of other bytes begins another chain; the old state is kept beside
/// it as state.old.json.
class Embedded {
  public:
    Embedded(EmbeddedConfig, io::Client&, io::Pool&, io::Log = {});
    ~Embedded();
    Embedded(const Embedded&) = delete;

    enum class Started { adopted, resumed, fresh };

    /// Returns when the chain answers. Throws `std::runtime_error` with a sentence that says what
    /// to do: a busy port, a missing binary, a state that anvil refuses.
    Task<Started> start();

    /// The way to it; also when it is started again. Keeps the transactions that pass.
    Rpc& rpc();
    std::string url() const;
    Process process() const { return process_; }

    /// Dumps and looks after the process until `stop` or cancelled.
    Task<void> run();

    /// Sets the present state aside.
    Task<void> dump();

    /// Dumps if that goes in time, then ends anvil and waits for that.
    Task<void> stop();

    /// Transactions that no dump holds yet.
    std::size_t kept() const { return kept_.size(); }

  private:
    class Keeping;

    Task<bool> adopt();
    Task<void> launch(std::uint16_t port);
    Task<bool> answers();
    Task<void> resend();
    Task<void> check_genesis_file();
    void keep(std::string raw);
    void write_kept() const;
    void use_port(std::uint16_t port);
    std::filesystem::path at(const char* name) const { return config_.folder / name; }

    EmbeddedConfig config_;
    io::Client& client_;
    io::Pool& pool_;
    io::Log log_;
    Process process_;
    bool is_stopping_ = false;
    std::uint16_t port_ = 0;
    std::unique_ptr<HttpRpc> http_;
    std::unique_ptr<Keeping> keeping_;
    std::deque<std::string> kept_;   ///< Raw transactions in hex, in the order of their acceptance.
    std::optional<Hash256> dumped_;  ///< The head of the last dump.
};

}  // namespace stoa::chain
