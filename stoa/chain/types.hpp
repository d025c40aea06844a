#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "stoa/base/amount.hpp"
#include "stoa/base/types.hpp"
#include "stoa/eth/address.hpp"

namespace stoa::chain {

struct BlockId {
    std::uint64_t number = 0;
    Hash256 hash;
    friend bool operator==(const BlockId&, const BlockId&) = default;
};

/// What is used of a block's header; `time` is in Unix seconds.
struct Header {
    BlockId id;
    Hash256 parent;
    std::uint64_t time = 0;
    U256 base_fee;
    std::array<std::uint8_t, 256> bloom{};  ///< Of the addresses and topics of the block's logs.
};

struct Log {
    eth::Address address;
    std::vector<Hash256> topics;  ///< At most 4.
    ByteVector data;
    BlockId block;
    Hash256 transaction;
    std::uint32_t index = 0;  ///< Within the block.
};

struct Receipt {
    Hash256 transaction;
    BlockId block;
    bool success = false;  ///< False: reverted, its gas is spent, it has no logs.
    U256 gas_used;
    U256 gas_price;                       ///< The effective one, in wei.
    std::optional<eth::Address> created;  ///< The contract, when the transaction deployed one.
    std::vector<Log> logs;
};

/// The blocks that the JSON-RPC interface has names for.
enum class Tag { earliest, finalized, safe, latest, pending };

/// What eth_call and eth_estimateGas take.
struct Call {
    std::optional<eth::Address> from;
    eth::Address to;
    ByteVector data;
    U256 value = 0;
    std::optional<std::uint64_t> gas;
};

}  // namespace stoa::chain
