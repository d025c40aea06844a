#pragma once

#include <functional>
#include <map>

#include "stoa/base/hex.hpp"
#include "stoa/chain/chain_check.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/eip712.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain::testing {

constexpr auto kFakeContract = eth::address_literal("0x00000000000000000000000000000000000c0de1");

/// A chain in memory that can be forked at will, and an endpoint that can lie about it.
class FakeChain final : public Rpc {
  public:
    struct Block {
        Header header;
        std::vector<Log> logs;
    };

    explicit FakeChain(std::uint64_t seed = 1) : salt_(seed) { add(0); }

    void add(std::size_t log_count) {
        Block block;
        const std::uint64_t number = blocks.size();
        block.header.id.number = number;
        block.header.parent = blocks.empty() ? Hash256{} : blocks.back().header.id.hash;
        block.header.time = 1'700'000'000 + number * 12;
        ++salt_;
        ByteVector seed(block.header.parent.bytes.begin(), block.header.parent.bytes.end());
        const auto salt = eth::word(salt_);
        seed.insert(seed.end(), salt.bytes.begin(), salt.bytes.end());
        block.header.id.hash = eth::keccak256(seed);
        for (std::uint32_t i = 0; i < log_count; ++i) {
            Log log;
            log.address = kFakeContract;
            log.topics = {eth::word(std::uint64_t{i % 7})};
            log.data = ByteVector(seed.end() - 8, seed.end());
            log.block = block.header.id;
            log.transaction = block.header.id.hash;
            log.index = i;
            admit(block.header, log.address.bytes);
            admit(block.header, log.topics[0].bytes);
            block.logs.push_back(std::move(log));
        }
        blocks.push_back(std::move(block));
    }

    void take_back(std::size_t count) { blocks.resize(blocks.size() - count); }

    Task<std::vector<RpcResult<json::value>>> batch(std::vector<RpcCall> calls) override {
        std::vector<RpcResult<json::value>> answers;
        for (const auto& call : calls) {
            ++asked;
            answers.push_back(answer(call));
        }
        if (after_batch) after_batch();
        co_return answers;
    }

    std::vector<Block> blocks;
    std::size_t asked = 0;
    /// The lies: what is done to the logs of an answer, and to a block's JSON.
    std::function<void(std::vector<Log>&, bool by_hash)> change_logs;
    std::function<void(json::object&)> change_block;
    std::function<void()> after_batch;

  private:
    static void admit(Header& header, Bytes bytes) {
        const Hash256 hash = eth::keccak256(bytes);
        for (std::size_t pair = 0; pair < 6; pair += 2) {
            const unsigned bit = (hash.bytes[pair] * 256U + hash.bytes[pair + 1]) % 2048U;
            header.bloom[255 - bit / 8] |= static_cast<std::uint8_t>(1U << (bit % 8));
        }
    }

    RpcResult<json::value> answer(const RpcCall& call) {
        if (call.method == "eth_getLogs") return logs(call.params[0].as_object());
        const std::string_view which = call.params[0].as_string();
        std::uint64_t number = blocks.size() - 1;
        if (which == "safe") {
            number -= std::min<std::uint64_t>(number, 4);
        } else if (which == "finalized") {
            number -= std::min<std::uint64_t>(number, 8);
        } else if (which != "latest") {
            number = read_number(call.params[0]);
        }
        if (number >= blocks.size()) return json::value(nullptr);
        const Header& header = blocks[number].header;
        json::object block{{"number", to_quantity(number)},
                           {"hash", to_hex(header.id.hash)},
                           {"parentHash", to_hex(header.parent)},
                           {"timestamp", to_quantity(header.time)},
                           {"baseFeePerGas", "0x1"},
                           {"logsBloom", to_hex(header.bloom)}};
        if (change_block) change_block(block);
        return json::value(std::move(block));
    }

    RpcResult<json::value> logs(const json::object& filter) {
        std::vector<Log> found;
        const json::value* hash = filter.if_contains("blockHash");
        for (const auto& block : blocks) {
            const auto number = block.header.id.number;
            const bool wanted = hash != nullptr ? block.header.id.hash == read_hash(*hash)
                                                : number >= read_number(filter.at("fromBlock")) &&
                                                      number <= read_number(filter.at("toBlock"));
            if (wanted) found.insert(found.end(), block.logs.begin(), block.logs.end());
        }
        if (change_logs) change_logs(found, hash != nullptr);
        json::array list;
        for (const auto& log : found) list.emplace_back(json_of(log));
        return json::value(std::move(list));
    }

    static json::object json_of(const Log& log) {
        json::array topics;
        for (const auto& topic : log.topics) topics.emplace_back(to_hex(topic));
        return {{"address", to_hex(log.address.bytes)},
                {"topics", std::move(topics)},
                {"data", to_hex(log.data)},
                {"blockNumber", to_quantity(log.block.number)},
                {"blockHash", to_hex(log.block.hash)},
                {"transactionHash", to_hex(log.transaction)},
                {"logIndex", to_quantity(log.index)}};
    }

    std::uint64_t salt_;
};

}  // namespace stoa::chain::testing
