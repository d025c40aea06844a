#pragma once

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/chain/sender_store.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain {

// What the two files of the sender share.

struct Sender::Live {
    StoredJob stored;
    io::Clock::Steady offered_at;  ///< The newest attempt, for the first time.
    io::Clock::Steady tried_at;
    bool accepted = false;  ///< An endpoint took it into its pool.
    unsigned misses = 0;    ///< See kRoundsToBelieve.

    const std::string& id() const { return stored.job.id; }
};

/// What the chain says, at one moment as far as one batch is that.
struct Sender::Round {
    std::uint64_t nonce = 0;
    std::uint64_t head = 0;
    std::uint64_t finalized = 0;
    std::map<std::string, std::optional<Receipt>> receipts;  ///< By job, of those asked for.
};

inline json::array one(json::value parameter) {
    json::array list;
    list.emplace_back(std::move(parameter));
    return list;
}

inline json::array two(json::value first, json::value second) {
    json::array list = one(std::move(first));
    list.emplace_back(std::move(second));
    return list;
}

inline const json::value& must(const RpcResult<json::value>& answer, const char* what) {
    if (!answer) throw RpcFailure(std::string(what) + ": " + answer.error().message);
    return *answer;
}

inline Attempt sign_attempt(const keys::Signer& signer, std::uint64_t chain_id,
                            const StoredJob& stored, const Fees& fees) {
    eth::Transaction transaction;
    transaction.chain_id = chain_id;
    transaction.nonce = stored.nonce;
    transaction.max_priority_fee = fees.tip;
    transaction.max_fee = fees.max_fee;
    transaction.gas_limit = stored.gas;
    transaction.to = stored.job.to;
    transaction.value = stored.job.value;
    transaction.data = stored.job.data;
    ByteVector raw = signer.sign_transaction(transaction);
    return {eth::keccak256(raw), fees, std::move(raw)};
}

}  // namespace stoa::chain
