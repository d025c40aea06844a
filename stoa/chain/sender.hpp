#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "stoa/chain/rpc.hpp"
#include "stoa/db/database.hpp"
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

/// Why a transaction was not sent, or failed on chain.
struct Revert {
    std::string name;     ///< The custom error's name, "Error" or "Panic"; empty when unknown.
    std::string message;  ///< For people.
    ByteVector data;
};

struct SenderConfig {
    std::chrono::seconds replace_after{30};  ///< Then the fees are raised.
    std::uint32_t bump_percent = 25;         ///< At least 10, or nodes refuse the replacement.
    U256 max_fee = 500'000'000'000;          ///< Wei per gas; a dearer chain is waited out.
    std::uint64_t confirmations = 1;         ///< 1: included.
    std::chrono::milliseconds poll{250};
};

/// Brings transactions of one signer onto one chain. One queue, so that nonces have no gaps; every
/// signed transaction is in the database before it is broadcast, so that a restart goes on with it;
/// dropped, rewound and too cheap ones are sent again by `run`.
///
/// Lives on one event loop. `database` is original data: a file of its own, synchronous=FULL.
class Sender {
  public:
    Sender(Rpc& rpc, db::Database& database, const keys::Signer& signer, std::uint64_t chain_id,
           SenderConfig config = {});
    ~Sender();

    eth::Address address() const;

    /// Simulates at `pending`, stores, broadcasts, and returns the transaction's hash. A `Revert`
    /// costs nothing. Throws `RpcFailure` when no endpoint answers the simulation; after that
    /// point the job is kept and sent when one does.
    Task<tl::expected<Hash256, Revert>> submit(Job);

    /// The receipt of a submitted job, once it has its confirmations. A `Revert` has cost gas.
    /// Throws `RpcFailure` at the deadline; the job goes on.
    Task<tl::expected<Receipt, Revert>> wait(std::string id, std::chrono::seconds deadline);

    /// Both.
    Task<tl::expected<Receipt, Revert>> send(Job, std::chrono::seconds deadline);

    /// What became of a job, in the words of `JobState`; nothing for an unknown one.
    std::optional<JobStatus> status(const std::string& id) const;

    /// One round: receipts, rebroadcasts, replacements.
    Task<void> step();
    /// Rounds until cancelled.
    Task<void> run();

    /// The chain has been taken back to `keep`: what was included above is pending again.
    Task<void> rewound(std::uint64_t keep);
};

}  // namespace stoa::chain
