#include "stoa/chain/chain_check.hpp"

#include <algorithm>

#include "stoa/chain/rpc.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain {
namespace {

bool admits_any(const Header& header, std::span<const eth::Address> contracts) {
    return std::ranges::any_of(contracts, [&](const eth::Address& contract) {
        return bloom_admits(header, contract.bytes);
    });
}

}  // namespace

void check_continues(const BlockId& parent, std::span<const Header> headers) {
    BlockId last = parent;
    for (const Header& header : headers) {
        if (header.id.number != last.number + 1 || header.parent != last.hash) {
            throw RpcFailure("block " + std::to_string(header.id.number) +
                             " does not continue block " + std::to_string(last.number));
        }
        last = header.id;
    }
}

bool bloom_admits(const Header& header, Bytes address_or_topic) {
    const Hash256 hash = eth::keccak256(address_or_topic);
    // Yellow paper, section 4.3.1: three 11-bit numbers from the first three pairs of bytes.
    for (std::size_t pair = 0; pair < 6; pair += 2) {
        const unsigned bit = (hash.bytes[pair] * 256U + hash.bytes[pair + 1]) % 2048U;
        if ((header.bloom[255 - bit / 8] & (1U << (bit % 8))) == 0) return false;
    }
    return true;
}

void check_logs(std::span<const Header> headers, std::span<const Log> logs,
                std::span<const eth::Address> contracts) {
    auto header = headers.begin();
    const Log* last = nullptr;
    for (const Log& log : logs) {
        if (std::ranges::find(contracts, log.address) == contracts.end()) {
            throw RpcFailure("the endpoint sent a log of a contract that nobody asked for");
        }
        if (last != nullptr &&
            (log.block.number < last->block.number ||
             (log.block.number == last->block.number && log.index <= last->index))) {
            throw RpcFailure("the endpoint's logs are out of order or repeat");
        }
        last = &log;
        while (header != headers.end() && header->id.number < log.block.number) ++header;
        if (header == headers.end() || header->id != log.block) {
            throw RpcFailure("the endpoint sent a log of block " +
                             std::to_string(log.block.number) + " in another view of the chain");
        }
        if (!bloom_admits(*header, log.address.bytes) ||
            !std::ranges::all_of(log.topics, [&](const Hash256& topic) {
                return bloom_admits(*header, topic.bytes);
            })) {
            throw RpcFailure("the endpoint sent a log that block " +
                             std::to_string(log.block.number) + " cannot hold");
        }
    }
}

std::vector<BlockId> suspiciously_empty(std::span<const Header> headers, std::span<const Log> logs,
                                        std::span<const eth::Address> contracts) {
    std::vector<BlockId> blocks;
    auto log = logs.begin();
    for (const Header& header : headers) {
        while (log != logs.end() && log->block.number < header.id.number) ++log;
        const bool has_log = log != logs.end() && log->block.number == header.id.number;
        if (!has_log && admits_any(header, contracts)) blocks.push_back(header.id);
    }
    return blocks;
}

}  // namespace stoa::chain
