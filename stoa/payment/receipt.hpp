// What a node signs about a call that it served and charged: which weights, which request, which
// answer, what price. docs/reference/receipts.md has every hash and a vector. Receipts whose
// charges became durable together are the leaves of one Merkle tree, and the node signs its root
// once; a receipt is then its fields, its path and that signature.
#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "stoa/base/result.hpp"
#include "stoa/payment/channel.hpp"
#include "stoa/payment/error.hpp"

namespace stoa::payment {

inline constexpr std::size_t kMaxReceiptPath = 20;

struct Receipt {
    Hash256 channel_id;  ///< Or, of a one-off payment, keccak256(token ‖ payer ‖ nonce).
    Amount cumulative;   ///< Charged in total, this call included.
    Amount charge;
    std::uint64_t service = 0;
    std::uint64_t version = 0;  ///< Of the model.
    Hash256 weights_digest;     ///< SHA-256 of the model file.
    Hash256 engine_digest;      ///< SHA-256 of what ran it.
    Hash256 request_hash;       ///< keccak256(method ‖ "\n" ‖ path ‖ "\n" ‖ body).
    Hash256 output_hash;        ///< keccak256 of the answer's text, of an embedding's whole body.
    Hash256 token_ids_hash;     ///< See token_ids_hash(); zero for embeddings.
    Hash256 params_hash;        ///< See params_hash(); zero for embeddings.
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::uint64_t time = 0;  ///< Unix seconds.
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

/// How the answer was drawn.
struct SamplingParams {
    std::uint64_t max_tokens = 0;  ///< As asked for; 0: the model's default.
    double temperature = 1;        ///< This and top_p are hashed in millionths.
    double top_p = 1;
    std::uint64_t seed = 0;
    std::vector<std::string> stop;

    friend bool operator==(const SamplingParams&, const SamplingParams&) = default;
};

Hash256 params_hash(const SamplingParams&);

/// keccak256(keccak256(input) ‖ keccak256(output)), each id as 4 bytes, big-endian.
Hash256 token_ids_hash(const std::vector<std::uint32_t>& input,
                       const std::vector<std::uint32_t>& output);

/// Where receipts are valid: the channels of one chain.
class ReceiptDomain {
  public:
    explicit ReceiptDomain(std::uint64_t chain_id, const eth::Address& contract = kChannels);

    /// The EIP-712 digest: the receipt's id, and its leaf. About 2 µs.
    Hash256 leaf(const Receipt&) const;
    /// What the node signs of a tree.
    Hash256 root_digest(const Hash256& root) const;

  private:
    Hash256 separator_;
};

/// Parents are keccak256 of their children in ascending order, as OpenZeppelin's MerkleProof has
/// them; a node without a sibling moves up as it is. Leaves hash 66 bytes and nodes 64, so that
/// none can pass for the other.
class MerkleTree {
  public:
    /// At least one leaf.
    explicit MerkleTree(std::vector<Hash256> leaves);

    const Hash256& root() const { return levels_.back().front(); }
    /// The siblings from the leaf to the root.
    std::vector<Hash256> path(std::size_t leaf) const;

  private:
    std::vector<std::vector<Hash256>> levels_;
};

Hash256 merkle_root(Hash256 leaf, const std::vector<Hash256>& path);

struct SignedReceipt {
    Receipt receipt;
    std::vector<Hash256> path;
    eth::Signature signature;  ///< Of the root, by the service's receiver authorizer.
    friend bool operator==(const SignedReceipt&, const SignedReceipt&) = default;
};

/// Whose signature it bears; nobody's where it can't be recovered.
std::optional<eth::Address> signer_of(const ReceiptDomain&, const SignedReceipt&);

/// `{id, receipt: {…}, path: […], root, signature}`.
boost::json::object to_json(const ReceiptDomain&, const SignedReceipt&);
/// Ignores `id` and `root`, which follow from the rest: invalid_payload.
Result<SignedReceipt> parse_receipt(const boost::json::value&);

}  // namespace stoa::payment
