#include "stoa/eth/rlp.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/eth/vectors_test.hpp"

namespace stoa::eth::rlp {
namespace {

ByteVector encoded(const boost::json::value& decoded) {
    ByteVector out;
    if (decoded.is_string()) {
        append_bytes(out, bytes_of(decoded));
        return out;
    }
    ByteVector payload;
    for (const auto& item : decoded.as_array()) {
        const ByteVector part = encoded(item);
        payload.insert(payload.end(), part.begin(), part.end());
    }
    append_list(out, payload);
    return out;
}

ByteVector encoded(const Item& item) {
    ByteVector out;
    if (!item.is_list) {
        append_bytes(out, item.bytes);
        return out;
    }
    ByteVector payload;
    for (const Item& member : item.items) {
        const ByteVector part = encoded(member);
        payload.insert(payload.end(), part.begin(), part.end());
    }
    append_list(out, payload);
    return out;
}

TEST(Rlp, HasThePublishedEncodings) {
    for (const auto& vector : published_vectors("rlp-coder")) {
        const ByteVector bytes = bytes_of(vector.at("encoded"));
        EXPECT_EQ(encoded(vector.at("decoded")), bytes) << vector.at("name");
        const auto item = decode(bytes);
        ASSERT_TRUE(item) << vector.at("name");
        EXPECT_EQ(encoded(*item), bytes) << vector.at("name");
    }
}

TEST(Rlp, InALongerFormThanNeededIsRefused) {
    for (const char* hex : {"0x", "0x8100", "0x817f", "0xb80100", "0xb90001ff", "0xb8370000",
                            "0xf800", "0xc1", "0x83aabb", "0x0000", "0xc0c0",
                            "0xbfffffffffffffffff", "0xffffffffffffffffff", "0xc2830102"}) {
        const ByteVector bytes = parse_hex(hex, 64).value();
        EXPECT_EQ(decode(bytes).error(), EncodingError::bad_rlp) << hex;
    }
}

TEST(Rlp, NestedBeyondTheLimitIsRefused) {
    ByteVector deep;
    append_list(deep, {});
    for (std::size_t i = 0; i < kMaxDepth + 1; ++i) {
        ByteVector outer;
        append_list(outer, deep);
        deep = outer;
    }
    EXPECT_EQ(decode(deep).error(), EncodingError::too_deep);
}

TEST(Rlp, OfMoreItemsThanTheLimitIsRefused) {
    ByteVector wide;
    append_list(wide, ByteVector(kMaxItems + 1, 0x80));
    EXPECT_EQ(decode(wide).error(), EncodingError::too_large);
}

TEST(Rlp, NumbersHaveNoLeadingZeros) {
    const auto number = [](const char* hex) {
        const ByteVector bytes = parse_hex(hex, 64).value();
        return number_of(decode(bytes).value());
    };
    EXPECT_EQ(number("0x80").value(), 0);
    EXPECT_EQ(number("0x820400").value(), 1024);
    EXPECT_EQ(number("0x00").error(), EncodingError::bad_rlp);
    EXPECT_EQ(number("0x820001").error(), EncodingError::bad_rlp);
    EXPECT_EQ(number("0xc0").error(), EncodingError::bad_rlp);
    EXPECT_EQ(number(("0xa1" + std::string(66, '1')).c_str()).error(), EncodingError::bad_rlp);
}

RC_GTEST_PROP(Rlp, OfAnyNumberReadsBack, (std::uint64_t high, std::uint64_t low)) {
    const U256 number = (U256{high} << 150) + low;
    ByteVector out;
    append_number(out, number);
    RC_ASSERT(number_of(decode(out).value()).value() == number);
}

RC_GTEST_PROP(Rlp, ThatIsReadIsTheOneFormOfItsItems, (const ByteVector& bytes)) {
    if (const auto item = decode(bytes)) RC_ASSERT(encoded(*item) == bytes);
}

}  // namespace
}  // namespace stoa::eth::rlp
