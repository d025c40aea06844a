#include "stoa/eth/transaction.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/eth/keccak.hpp"
#include "stoa/eth/vectors_test.hpp"

namespace stoa::eth {
namespace {

/// Reads and writes a published transaction; both directions must agree with its publisher.
void expect_both_ways(const boost::json::value& name, const boost::json::value& signed_hex,
                      const boost::json::value& unsigned_hex, const boost::json::value& signer) {
    const ByteVector bytes = bytes_of(signed_hex);
    const auto decoded = decode_transaction(bytes);
    ASSERT_TRUE(decoded) << name << ' ' << decoded.error().message();
    EXPECT_EQ(signed_bytes(decoded->transaction, decoded->signature), bytes) << name;
    EXPECT_EQ(stoa::to_hex(unsigned_bytes(decoded->transaction)), text_of(unsigned_hex)) << name;
    EXPECT_EQ(sender_of(*decoded), parse_address_any_case(text_of(signer))) << name;
}

/// Some published gas limits are larger than any block's; we hold them in 64 bits.
bool has_absurd_gas(const boost::json::value& vector) {
    const auto* gas = vector.as_object().if_contains("gasLimit");
    return gas && bytes_of(*gas).size() > 8;
}

TEST(Transaction, OfThePublishedLegacyOnesReadsAndWritesTheSame) {
    for (const auto& vector : published_vectors("transactions")) {
        const auto& name = vector.at("name");
        const auto& signer = vector.at("accountAddress");
        if (has_absurd_gas(vector)) {
            EXPECT_EQ(decode_transaction(bytes_of(vector.at("signedTransaction"))).error(),
                      EncodingError::bad_transaction);
            continue;
        }
        expect_both_ways(name, vector.at("signedTransaction"), vector.at("unsignedTransaction"),
                         signer);
        expect_both_ways(name, vector.at("signedTransactionChainId5"),
                         vector.at("unsignedTransactionChainId5"), signer);
    }
}

TEST(Transaction, OfThePublishedTypedOnesReadsAndWritesTheSame) {
    for (const auto& vector : published_vectors("typed-transactions")) {
        expect_both_ways(vector.at("name"), vector.at("signed"), vector.at("unsigned"),
                         vector.at("address"));
    }
}

Transaction example(TransactionType type) {
    Transaction transaction;
    transaction.type = type;
    transaction.chain_id = 713371;
    transaction.nonce = 3;
    transaction.max_fee = 30;
    if (type == TransactionType::dynamic_fee) transaction.max_priority_fee = 2;
    transaction.gas_limit = 21'000;
    transaction.to = address_literal("0x5148616c5ff3a04e55afd395c4e5485bc9d3b279");
    return transaction;
}

Signature any_signature() {
    Signature signature;
    signature.bytes[31] = signature.bytes[63] = 1;
    signature.bytes[64] = 27;
    return signature;
}

TEST(Transaction, OfAnotherTypeOrShapeIsRefused) {
    ByteVector bytes = signed_bytes(example(TransactionType::dynamic_fee), any_signature());
    ASSERT_TRUE(decode_transaction(bytes));
    bytes.push_back(0);
    EXPECT_EQ(decode_transaction(bytes).error(), EncodingError::bad_rlp);
    bytes.pop_back();
    bytes[0] = 3;
    EXPECT_EQ(decode_transaction(bytes).error(), EncodingError::bad_transaction);
    bytes[0] = 1;  // one member too many for this type
    EXPECT_EQ(decode_transaction(bytes).error(), EncodingError::bad_transaction);
    EXPECT_FALSE(decode_transaction({}));
    EXPECT_EQ(decode_transaction(ByteVector{0xc0}).error(), EncodingError::bad_transaction);
}

TEST(Transaction, WithAHighSIsRefused) {
    Signature high = any_signature();
    std::fill(high.bytes.begin() + 32, high.bytes.begin() + 48, std::uint8_t{0xff});
    const auto decoded = decode_transaction(signed_bytes(example(TransactionType::legacy), high));
    EXPECT_EQ(decoded.error(), EncodingError::bad_signature);
}

TEST(Transaction, LargerThanTheLimitIsRefused) {
    Transaction large = example(TransactionType::dynamic_fee);
    large.data.resize(kMaxTransactionBytes);
    EXPECT_EQ(decode_transaction(signed_bytes(large, any_signature())).error(),
              EncodingError::too_large);
}

RC_GTEST_PROP(Transaction, OfAnyDataReadsBack, (const ByteVector& data, std::uint64_t nonce)) {
    for (const auto type :
         {TransactionType::legacy, TransactionType::access_list, TransactionType::dynamic_fee}) {
        Transaction transaction = example(type);
        transaction.data = data;
        transaction.nonce = nonce;
        transaction.value = U256{nonce} << 100;
        const auto decoded = decode_transaction(signed_bytes(transaction, any_signature()));
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(decoded->transaction == transaction);
        RC_ASSERT(decoded->signature == any_signature());
    }
}

RC_GTEST_PROP(Transaction, OfAnyBytesIsRefusedOrTheOneForm, (const ByteVector& bytes)) {
    if (const auto decoded = decode_transaction(bytes)) {
        RC_ASSERT(signed_bytes(decoded->transaction, decoded->signature) == bytes);
    }
}

}  // namespace
}  // namespace stoa::eth
