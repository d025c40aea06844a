#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "stoa/chain/contract.hpp"
#include "stoa/chain/rpc.hpp"
#include "stoa/db/database.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/io/log.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::chain {

/// A transaction that somebody wants on the chain. `id` names the wish: whoever asks for the same
/// id again, even after a restart, gets the first transaction back and pays no second time.
struct Job {
    std::string id;  ///< 1 to 128 characters, such as "claim:0x…:17".
    eth::Address to;
    ByteVector data;
    U256 value = 0;
    std::optional<std::uint64_t> gas;  ///< Else estimated, and a quarter more.
};

enum class JobState {
    waiting = 1,  ///< Signed and kept; in the pool of some endpoint, as far as we know.
    included,
    reverted,  ///< Included, or its nonce was taken and it would revert now.
};

struct JobStatus {
    JobState state = JobState::waiting;
    Hash256 transaction;           ///< The included one, else the newest attempt.
    std::optional<BlockId> block;  ///< Where it is included.
};

struct SenderConfig {
    std::chrono::seconds replace_after{30};  ///< Then the fees are raised.
    std::uint32_t bump_percent = 25;         ///< At least 10, or nodes refuse the replacement.
    U256 max_fee = 500'000'000'000;          ///< Wei per gas; a dearer chain is waited out.
    std::uint64_t confirmations = 1;         ///< 1: included.
    std::chrono::milliseconds poll{250};
    std::shared_ptr<const Abi> errors;  ///< Names of the contracts' errors; may be null.
};

struct Fees {
    U256 max_fee;  ///< Wei per gas.
    U256 tip;
};

struct StoredJob;

/// Brings transactions of one signer onto one chain. One queue, so that nonces have no gaps; every
/// signed transaction is in the database before it is broadcast, so that a restart goes on with it;
/// dropped, rewound and too cheap ones are sent again by `run`.
///
/// Lives on one event loop. `database` is original data: a file of its own, synchronous=FULL.
class Sender {
  public:
    Sender(Rpc& rpc, db::Database& database, const keys::Signer& signer, const io::Clock& clock,
           std::uint64_t chain_id, SenderConfig config = {}, io::Log log = {});
    ~Sender();
    Sender(const Sender&) = delete;

    eth::Address address() const;
    std::uint64_t chain_id() const { return chain_id_; }

    /// What a transaction would be offered for now.
    Task<Fees> fees();

    /// Runs the call at `pending` as this account: the gas that it takes.
    Task<tl::expected<std::uint64_t, Revert>> simulate(const Job&);

    /// Simulates, stores, broadcasts, and returns the transaction's hash. A `Revert` costs nothing.
    /// Throws `RpcFailure` when no endpoint answers the simulation; after that point the job is
    /// kept and sent when one does.
    Task<tl::expected<Hash256, Revert>> submit(Job);

    /// The receipt of a submitted job, once it has its confirmations. A `Revert` has cost gas.
    /// Throws `RpcFailure` at the deadline (the job goes on), `std::out_of_range` for an unknown
    /// id.
    Task<tl::expected<Receipt, Revert>> wait(std::string id, std::chrono::seconds deadline);

    /// Both.
    Task<tl::expected<Receipt, Revert>> send(Job, std::chrono::seconds deadline);

    /// Nothing for an unknown job.
    Task<std::optional<JobStatus>> status(std::string id);

    /// One round: receipts, rebroadcasts, replacements. One at a time; a second call returns at
    /// once.
    Task<void> step();
    /// Rounds until cancelled.
    Task<void> run();

    /// The chain has been taken back to `keep`: what was included above is waiting again. Rounds
    /// find that out by themselves, only later.
    Task<void> rewound(std::uint64_t keep);

    /// What is signed and in no block yet, the oldest first.
    struct Waiting {
        Hash256 transaction;  ///< The newest attempt.
        eth::Address to;
        ByteVector data;
    };
    Task<std::vector<Waiting>> waiting();

    /// Jobs that are not final yet.
    std::size_t unfinished() const { return live_.size(); }

  private:
    struct Live;
    struct Round;
    class Store;

    Task<void> load();
    Task<void> recall();
    Task<bool> broadcast(const Live&);
    Task<Round> observe();
    Task<void> settle(Live&, const Round&);
    Task<void> save(StoredJob, bool final);
    Task<void> push(Live&, const Round&);
    Task<void> replace(Live&);
    Task<void> displaced(Live&);
    Task<std::optional<Revert>> revert_of(const std::string& id, const Receipt&);
    Live* live(const std::string& id);

    Rpc& rpc_;
    db::Database& database_;
    const keys::Signer& signer_;
    const io::Clock& clock_;
    std::uint64_t chain_id_;
    SenderConfig config_;
    io::Log log_;
    std::unique_ptr<Store> store_;
    std::map<std::uint64_t, std::unique_ptr<Live>> live_;  ///< By nonce.
    bool loaded_ = false;
    bool recall_ = false;  ///< The database may hold jobs that `live_` lacks.
    bool stepping_ = false;
    std::uint64_t head_ = 0;
    std::uint64_t chain_nonce_ = 0;      ///< Of the round before.
    std::uint64_t finished_nonces_ = 0;  ///< Above the highest nonce that was final.
};

}  // namespace stoa::chain
