#include "stoa/payment/receipt.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::payment {
namespace {

Hash256 filled(std::uint8_t with) {
    Hash256 hash;
    hash.bytes.fill(with);
    return hash;
}

/// The vector of docs/reference/receipts.md.
Receipt sample() {
    return {filled(1), Amount{1234}, Amount{23}, 3,         1, filled(2), filled(3),
            filled(4), filled(5),    filled(6),  filled(7), 7, 3,         1'800'000'000};
}

TEST(Receipt, HasALeafThatChangesWithEveryField) {
    const ReceiptDomain domain{713371};
    const Hash256 leaf = domain.leaf(sample());
    std::vector<Receipt> others(14, sample());
    others[0].channel_id = filled(9);
    others[1].cumulative = Amount{1};
    others[2].charge = Amount{1};
    others[3].service = 1;
    others[4].version = 2;
    others[5].weights_digest = filled(9);
    others[6].engine_digest = filled(9);
    others[7].request_hash = filled(9);
    others[8].output_hash = filled(9);
    others[9].token_ids_hash = filled(9);
    others[10].params_hash = filled(9);
    others[11].input_tokens = 1;
    others[12].output_tokens = 1;
    others[13].time = 1;
    for (const Receipt& other : others) EXPECT_NE(domain.leaf(other), leaf);
    EXPECT_NE(ReceiptDomain{713372}.leaf(sample()), leaf);
}

TEST(Receipt, IsProvedByItsPathInTreesOfAnySize) {
    for (std::uint8_t size = 1; size <= 17; ++size) {
        std::vector<Hash256> leaves;
        for (std::uint8_t i = 0; i < size; ++i) leaves.push_back(eth::keccak256(Bytes{&i, 1}));
        const MerkleTree tree{leaves};
        for (std::size_t i = 0; i < size; ++i) {
            EXPECT_EQ(merkle_root(leaves[i], tree.path(i)), tree.root());
            EXPECT_NE(merkle_root(filled(1), tree.path(i)), tree.root());
        }
    }
}

TEST(Receipt, CountsStopTextsAndTheirOrder) {
    SamplingParams params;
    const Hash256 plain = params_hash(params);
    params.stop = {"a", "b"};
    const Hash256 two = params_hash(params);
    params.stop = {"b", "a"};
    EXPECT_NE(params_hash(params), two);
    EXPECT_NE(two, plain);
    params = {};
    params.temperature = 0.2F;
    EXPECT_NE(params_hash(params), plain);
    SamplingParams same;
    same.temperature = 0.2;
    EXPECT_EQ(params_hash(params), params_hash(same)) << "floats and doubles round alike";
    EXPECT_NE(token_ids_hash({1, 2}, {3}), token_ids_hash({1}, {2, 3}));
}

TEST(Receipt, IsReadAsItWasWritten) {
    const ReceiptDomain domain{713371};
    SignedReceipt it{sample(), {filled(8), filled(9)}, {}};
    it.signature.bytes.fill(5);
    it.signature.bytes[64] = 27;
    const auto written = to_json(domain, it);
    EXPECT_EQ(parse_receipt(written).value(), it);
    for (const auto& member : written.at("receipt").as_object()) {
        auto cut = written;
        cut["receipt"].as_object().erase(member.key());
        EXPECT_EQ(parse_receipt(cut).error(), PaymentError::invalid_payload) << member.key();
    }
    auto deep = written;
    auto& path = deep["path"].as_array();
    while (path.size() <= kMaxReceiptPath) path.emplace_back(to_hex(filled(8)));
    EXPECT_EQ(parse_receipt(deep).error(), PaymentError::invalid_payload);
}

TEST(Receipt, HasTheHashesOfTheReference) {
    const ReceiptDomain domain{713371};
    const Hash256 leaf = domain.leaf(sample());
    EXPECT_EQ(to_hex(leaf), "0xf65f0d3d42d72abda1ccc9514c5a26280804de3cbdc1d8551374025f7db66e8f");
    const MerkleTree tree{{leaf, filled(8), filled(9)}};
    EXPECT_EQ(to_hex(tree.root()),
              "0xf71f09e3e6e3a5d6cf504a83cff706326105504a8a4c4d615e6862978e6db22d");
    EXPECT_EQ(to_hex(domain.root_digest(tree.root())),
              "0x3c0544ed1a5e4aee4de65f21bb6f0700fa63bd0375ebd8244da7d0da73ee6480");
    EXPECT_EQ(to_hex(params_hash({20, 0.2, 1, 42, {"\n\n"}})),
              "0xde05701dd0e6c08313bedf45741c9320e177423936efb98ef464901d814b6071");
    EXPECT_EQ(to_hex(token_ids_hash({1, 2, 3}, {4, 5})),
              "0x1447b040aa8aa78281126d332ea1955e6daac18f247320a30955f96e8eee65d2");
}

}  // namespace
}  // namespace stoa::payment
