#include "stoa/payment/receipt.hpp"

#include <algorithm>
#include <cmath>

#include "stoa/base/assert.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::payment {
namespace {

using eth::keccak256;
using eth::word;

Hash256 hash_pair(const Hash256& a, const Hash256& b) {
    const auto& [low, high] =
        std::minmax(a, b, [](const Hash256& x, const Hash256& y) { return x.bytes < y.bytes; });
    std::array<std::uint8_t, 64> both;
    std::ranges::copy(low.bytes, both.begin());
    std::ranges::copy(high.bytes, both.begin() + 32);
    return keccak256(Bytes{both});
}

Hash256 ids_hash(const std::vector<std::uint32_t>& ids) {
    ByteVector bytes;
    bytes.reserve(ids.size() * 4);
    for (const std::uint32_t id : ids) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes.push_back(static_cast<std::uint8_t>(id >> shift));
        }
    }
    return keccak256(bytes);
}

std::uint64_t millionths(double number) {
    return static_cast<std::uint64_t>(std::llround(number * 1e6));
}

}  // namespace

Hash256 params_hash(const SamplingParams& params) {
    static const Hash256 type = keccak256(
        "Params(uint64 maxTokens,uint64 temperatureMillionths,uint64 topPMillionths,uint64 "
        "seed,string[] stop)");
    ByteVector stops;
    for (const std::string& text : params.stop) {
        const Hash256 hash = keccak256(text);
        stops.insert(stops.end(), hash.bytes.begin(), hash.bytes.end());
    }
    return eth::struct_hash(type,
                            {word(params.max_tokens), word(millionths(params.temperature)),
                             word(millionths(params.top_p)), word(params.seed), keccak256(stops)});
}

Hash256 token_ids_hash(const std::vector<std::uint32_t>& input,
                       const std::vector<std::uint32_t>& output) {
    std::array<std::uint8_t, 64> both;
    std::ranges::copy(ids_hash(input).bytes, both.begin());
    std::ranges::copy(ids_hash(output).bytes, both.begin() + 32);
    return keccak256(Bytes{both});
}

ReceiptDomain::ReceiptDomain(std::uint64_t chain_id, const eth::Address& contract)
    : separator_(eth::domain_separator({"Stoa Receipt", "1", chain_id, contract})) {}

Hash256 ReceiptDomain::leaf(const Receipt& r) const {
    static const Hash256 type = keccak256(
        "Receipt(bytes32 channelId,uint128 cumulative,uint128 charge,uint256 service,uint64 "
        "version,bytes32 weightsDigest,bytes32 engineDigest,bytes32 requestHash,bytes32 "
        "outputHash,bytes32 tokenIdsHash,bytes32 paramsHash,uint64 inTokens,uint64 "
        "outTokens,uint64 time)");
    return eth::typed_digest(
        separator_,
        eth::struct_hash(type, {r.channel_id, word(r.cumulative), word(r.charge), word(r.service),
                                word(r.version), r.weights_digest, r.engine_digest, r.request_hash,
                                r.output_hash, r.token_ids_hash, r.params_hash,
                                word(r.input_tokens), word(r.output_tokens), word(r.time)}));
}

Hash256 ReceiptDomain::root_digest(const Hash256& root) const {
    static const Hash256 type = keccak256("ReceiptRoot(bytes32 root)");
    return eth::typed_digest(separator_, eth::struct_hash(type, {root}));
}

MerkleTree::MerkleTree(std::vector<Hash256> leaves) {
    STOA_ASSERT(!leaves.empty());
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() > 1) {
        const std::vector<Hash256>& below = levels_.back();
        std::vector<Hash256> level;
        for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
            level.push_back(hash_pair(below[i], below[i + 1]));
        }
        if (below.size() % 2 == 1) level.push_back(below.back());
        levels_.push_back(std::move(level));
    }
}

std::vector<Hash256> MerkleTree::path(std::size_t leaf) const {
    std::vector<Hash256> path;
    for (std::size_t level = 0; level + 1 < levels_.size(); ++level, leaf /= 2) {
        const std::size_t sibling = leaf ^ 1;
        if (sibling < levels_[level].size()) path.push_back(levels_[level][sibling]);
    }
    return path;
}

Hash256 merkle_root(Hash256 leaf, const std::vector<Hash256>& path) {
    for (const Hash256& sibling : path) leaf = hash_pair(leaf, sibling);
    return leaf;
}

std::optional<eth::Address> signer_of(const ReceiptDomain& domain, const SignedReceipt& it) {
    const Hash256 root = merkle_root(domain.leaf(it.receipt), it.path);
    const auto signer = eth::recover(domain.root_digest(root), it.signature);
    if (!signer) return std::nullopt;
    return *signer;
}

}  // namespace stoa::payment
