#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoa/chain/sender.hpp"

namespace stoa::chain {

/// A transaction signed for a job; all of one job's have the same nonce.
struct Attempt {
    Hash256 hash;
    Fees fees;
    ByteVector raw;
};

/// A job as it is kept.
struct StoredJob {
    std::uint64_t nonce = 0;
    Job job;
    std::uint64_t gas = 0;
    JobState state = JobState::waiting;
    std::vector<Attempt> attempts;  ///< The oldest first; at least one.
    std::optional<Hash256> included;
    std::optional<BlockId> block;
};

/// The tables of one sender. Functions of a session, for the database's threads.
class Sender::Store {
  public:
    Store(std::uint64_t chain_id, const eth::Address& account)
        : chain_(chain_id), account_(account) {}

    /// Forgets everything when the chain began with another block: its jobs died with it.
    /// `chain_nonce` is the least that the next nonce may be.
    void open(db::Session&, const Hash256& genesis, std::uint64_t chain_nonce) const;

    std::optional<StoredJob> find(db::Session&, std::string_view id) const;
    std::vector<StoredJob> unfinished(db::Session&) const;
    /// Above the highest nonce of a job that is final.
    std::uint64_t finished_nonces(db::Session&) const;

    /// Takes the next nonce, at least `least`.
    std::uint64_t take_nonce(db::Session&, std::uint64_t least) const;
    void insert(db::Session&, const StoredJob&) const;
    void add_attempt(db::Session&, const std::string& id, const Attempt&) const;
    /// The job's attempts so far are void: their nonce is somebody else's.
    void move(db::Session&, const StoredJob&) const;
    void set_state(db::Session&, const StoredJob&, bool final) const;
    /// What was included above `keep`, or has a nonce from `nonce` on, is waiting again.
    void reopen_above(db::Session&, std::uint64_t keep) const;
    void reopen_from(db::Session&, std::uint64_t nonce) const;

  private:
    StoredJob job_of(db::Session&, db::Statement& row) const;

    std::uint64_t chain_;
    eth::Address account_;
};

}  // namespace stoa::chain
