#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/base/amount.hpp"
#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"

namespace stoa {
namespace {

const U256 kMax = ~U256{0};

TEST(Hex, IsLowerCaseAfter0x) {
    EXPECT_EQ(to_hex(ByteVector{0x00, 0xAB, 0xff}), "0x00abff");
    EXPECT_EQ(to_hex_digits(ByteVector{0x0f}), "0f");
    EXPECT_EQ(to_hex(ByteVector{}), "0x");
}

TEST(Hex, IsReadInEitherCase) {
    EXPECT_EQ(parse_hex("0xAbCd", 2).value(), (ByteVector{0xab, 0xcd}));
    EXPECT_EQ(parse_hex("0x", 0).value(), ByteVector{});
}

TEST(Hex, WithoutPrefixWithOddOrForeignDigitsIsRefused) {
    for (const char* text : {"", "0", "abcd", "0xabc", "0xzz", "0x 1", "0X12"}) {
        EXPECT_EQ(parse_hex(text, 64).error(), FormatError::bad_hex) << text;
    }
}

TEST(Hex, OfAnotherLengthIsRefused) {
    EXPECT_EQ(parse_hex("0x0102", 1).error(), FormatError::bad_length);
    EXPECT_EQ(parse_hash("0x01").error(), FormatError::bad_length);
    EXPECT_EQ(parse_hex_array<3>("0x01020304").error(), FormatError::bad_length);
}

RC_GTEST_PROP(Hex, OfAnyBytesReadsBack, (const ByteVector& bytes)) {
    RC_ASSERT(parse_hex(to_hex(bytes), bytes.size()).value() == bytes);
}

TEST(Base64, HasTheVectorsOfRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(text)), encoded);
        EXPECT_EQ(as_text(parse_base64(encoded, 6).value()), text);
    }
}

TEST(Base64, ThatIsNotCanonicalIsRefused) {
    for (const char* text :
         {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm8\n", "====", "Z===", "Zm-_", "=Zm8"}) {
        EXPECT_EQ(parse_base64(text, 64).error(), FormatError::bad_base64) << text;
    }
}

TEST(Base64, LongerThanItsLimitIsRefused) {
    EXPECT_EQ(parse_base64("Zm9v", 2).error(), FormatError::bad_length);
}

RC_GTEST_PROP(Base64, OfAnyBytesReadsBack, (const ByteVector& bytes)) {
    RC_ASSERT(parse_base64(to_base64(bytes), bytes.size()).value() == bytes);
}

RC_GTEST_PROP(Base64, ThatIsReadIsTheOneFormOfItsBytes, (const std::string& text)) {
    if (const auto bytes = parse_base64(text, text.size())) RC_ASSERT(to_base64(*bytes) == text);
}

TEST(Decimal, ReadsUpToTheWidthThatIsAsked) {
    EXPECT_EQ(parse_decimal("0").value(), 0);
    EXPECT_EQ(parse_decimal("18446744073709551616").value(), U256{1} << 64);
    EXPECT_EQ(parse_decimal(to_decimal(kMax)).value(), kMax);
    EXPECT_EQ(parse_decimal("255", 8).value(), 255);
    EXPECT_EQ(parse_decimal("256", 8).error(), FormatError::out_of_range);
    EXPECT_EQ(parse_decimal("115792089237316195423570985008687907853269984665640564039457584007913"
                            "129639936")
                  .error(),
              FormatError::out_of_range);
    EXPECT_EQ(parse_decimal(std::string(79, '9')).error(), FormatError::out_of_range);
}

TEST(Decimal, IsDigitsWithoutSignSpaceOrLeadingZero) {
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "01", "00", "1.0", "1e3", "0x1"}) {
        EXPECT_EQ(parse_decimal(text).error(), FormatError::bad_decimal) << text;
    }
}

RC_GTEST_PROP(Decimal, OfAnyNumberReadsBack, (std::uint64_t high, std::uint64_t low)) {
    const U256 number = (U256{high} << 130) + low;
    RC_ASSERT(parse_decimal(to_decimal(number)).value() == number);
    RC_ASSERT(from_big_endian(to_big_endian(number)) == number);
}

TEST(BigEndian, StandsAtTheEndOfThirtyTwoBytes) {
    EXPECT_EQ(to_big_endian(U256{0x0102})[31], 2);
    EXPECT_EQ(to_big_endian(U256{0x0102})[30], 1);
    EXPECT_EQ(to_big_endian(kMax)[0], 0xff);
    EXPECT_EQ(from_big_endian(ByteVector{1, 0}), 256);
    EXPECT_EQ(from_big_endian({}), 0);
}

TEST(Amount, ThrowsRatherThanWrappingAround) {
    EXPECT_THROW(Amount{1} - Amount{2}, std::range_error);
    EXPECT_THROW(Amount{kMax} + Amount{1}, std::overflow_error);
    EXPECT_EQ(Amount{kMax} - Amount{kMax}, Amount{});
}

TEST(Time, IsWrittenAsRfc3339InUtc) {
    EXPECT_EQ(to_rfc3339(unix_time(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(unix_time(951'782'400)), "2000-02-29T00:00:00Z");
    EXPECT_EQ(to_rfc3339(unix_time(-1)), "1969-12-31T23:59:59Z");
}

TEST(Time, IsReadWithOffsetAndFraction) {
    EXPECT_EQ(unix_seconds(parse_rfc3339("1996-12-19T16:39:57-08:00").value()), 851'042'397);
    EXPECT_EQ(unix_seconds(parse_rfc3339("1985-04-12t23:20:50.52z").value()), 482'196'050);
    EXPECT_EQ(unix_seconds(parse_rfc3339("1990-12-31T23:59:60Z").value()), 662'688'000);
}

TEST(Time, ThatNoCalendarHasIsRefused) {
    for (const char* text :
         {"", "2001-02-29T00:00:00Z", "2000-13-01T00:00:00Z", "2000-01-01T24:00:00Z",
          "2000-01-01T00:60:00Z", "2000-01-01T00:00:00", "2000-01-01 00:00:00Z",
          "2000-01-01T00:00:00.Z", "2000-01-01T00:00:00+24:00", "2000-01-01T00:00:00ZZ"}) {
        EXPECT_EQ(parse_rfc3339(text).error(), FormatError::bad_time) << text;
    }
}

RC_GTEST_PROP(Time, OfAnySecondReadsBack, ()) {
    const auto second =
        unix_time(*rc::gen::inRange<std::int64_t>(-62'167'219'200, 253'402'300'800));
    RC_ASSERT(parse_rfc3339(to_rfc3339(second)).value() == second);
}

TEST(Error, HasACodeForProgramsAndASentenceForPeople) {
    const std::error_code error = FormatError::bad_decimal;
    EXPECT_EQ(code_of(error), "bad_decimal");
    EXPECT_GT(error.message().size(), 10u);
    EXPECT_EQ(code_of(std::make_error_code(std::errc::io_error)), "unexpected");
}

}  // namespace
}  // namespace stoa
