#include "stoa/eth/abi.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/eth/keccak.hpp"
#include "stoa/eth/vectors_test.hpp"

namespace stoa::eth::abi {
namespace {

namespace json = boost::json;

/// A published value `{type, value}` or array of them, read as `type`.
Value value_of(const Type& type, const json::value& published) {
    const auto& value = published.is_object() ? published.at("value") : published;
    if (type.kind == Kind::array || type.kind == Kind::tuple) {
        std::vector<Value> items;
        const auto& array = value.as_array();
        for (std::size_t i = 0; i < array.size(); ++i) {
            items.push_back(value_of(type.members[type.kind == Kind::tuple ? i : 0], array[i]));
        }
        return items;
    }
    if (type.kind == Kind::boolean) return value.as_bool();
    const std::string_view text = value.as_string();
    if (type.kind == Kind::address) return parse_address_any_case(text).value();
    if (type.kind == Kind::text) return Value{text};
    if (type.kind == Kind::bytes) return bytes_of(value);
    if (type.kind == Kind::fixed_bytes) return Value::fixed_bytes(bytes_of(value));
    if (!text.starts_with('-')) return parse_decimal(text).value();
    return U256{~(parse_decimal(text.substr(1)).value() - 1)};
}

void expect_published(const std::string& file) {
    std::size_t checked = 0;
    for (const auto& vector : published_vectors(file)) {
        std::string text = "tuple(";
        const json::value types = json::parse(text_of(vector.at("types")));
        for (const auto& type : types.as_array()) {
            if (text.back() != '(') text += ',';
            text += text_of(type);
        }
        if (text == "tuple(") continue;
        const auto type = parse_type(text + ')');
        ASSERT_TRUE(type) << text;
        const auto* normal = vector.as_object().if_contains("normalizedValues");
        const json::value values = json::parse(text_of(normal ? *normal : vector.at("values")));
        const ByteVector bytes = bytes_of(vector.at("result"));
        const auto expected = value_of(*type, values).items();

        const auto decoded = decode(*type, bytes);
        ASSERT_TRUE(decoded) << vector.at("name") << ' ' << text;
        EXPECT_EQ(*decoded, expected) << vector.at("name") << ' ' << text;
        EXPECT_EQ(stoa::to_hex(encode(*type, expected)), stoa::to_hex(bytes))
            << vector.at("name") << text;
        ++checked;
    }
    EXPECT_GT(checked, 1000u);
}

TEST(Abi, HasThePublishedEncodingsOfSolidity) {
    expect_published("contract-interface");
}

TEST(Abi, HasThePublishedEncodingsOfStructs) {
    expect_published("contract-interface-abi2");
}

TEST(Function, HasThePublishedSelectors) {
    for (const auto& vector : published_vectors("contract-signatures")) {
        const Function function{text_of(vector.at("signature"))};
        EXPECT_EQ(stoa::to_hex(function.selector()), text_of(vector.at("sigHash")));
    }
}

TEST(Function, EncodesCallsAndDecodesResults) {
    const Function transfer{"transfer(address to,uint256 amount) returns (bool)"};
    const Address to = address_literal("0x5148616c5ff3a04e55afd395c4e5485bc9d3b279");
    const ByteVector call = transfer.encode({to, 5});
    EXPECT_EQ(stoa::to_hex(Bytes{call}.first(4)), "0xa9059cbb");
    EXPECT_EQ(transfer.decode_call(call).value()[1].as_u64(), 5u);
    EXPECT_TRUE(transfer.decode_result(to_big_endian(1)).value()[0].as_bool());

    ByteVector other = call;
    other[0] ^= 1;
    EXPECT_EQ(transfer.decode_call(other).error(), EncodingError::bad_abi);
}

TEST(Event, DecodesIndexedAndOtherParametersInTheirOrder) {
    const Event transfer{"Transfer(address indexed from,address indexed to,uint256 value)"};
    EXPECT_EQ(stoa::to_hex(transfer.topic()),
              "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    const Hash256 topics[] = {transfer.topic(), word(1), word(2)};
    const auto values = transfer.decode(topics, to_big_endian(3)).value();
    EXPECT_EQ(values, (std::vector<Value>{1, 2, 3}));
    EXPECT_EQ(transfer.decode(std::span{topics}.first(2), to_big_endian(3)).error(),
              EncodingError::bad_abi);
    const Hash256 foreign[] = {word(9), word(1), word(2)};
    EXPECT_EQ(transfer.decode(foreign, to_big_endian(3)).error(), EncodingError::bad_abi);
}

std::error_code refusal(std::string_view type, std::initializer_list<U256> words) {
    ByteVector data;
    for (const U256& number : words) {
        const auto bytes = to_big_endian(number);
        data.insert(data.end(), bytes.begin(), bytes.end());
    }
    const auto decoded = decode(parse_type(type).value(), data);
    return decoded ? std::error_code{} : decoded.error();
}

TEST(Abi, DataThatNoEncoderMakesIsRefused) {
    const U256 huge = U256{1} << 255;
    EXPECT_EQ(refusal("(uint8)", {256}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(bool)", {2}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(address)", {U256{1} << 160}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(int8)", {128}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(bytes4)", {1}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(uint256,uint256)", {1}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(bytes)", {huge}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(bytes)", {32, huge}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(uint256[])", {32, 2, 1}), EncodingError::bad_abi);
    EXPECT_EQ(refusal("(uint256[])", {32, 2, 1, 1}), std::error_code{});
}

TEST(Abi, OffsetsThatOverlapCannotUnfoldWithoutLimit) {
    // Every element is the same array again: sixteen words would become 2^32 values.
    std::string type = "uint8";
    for (int i = 0; i < 8; ++i) type += "[]";
    ByteVector data(32, 0);
    data[31] = 32;
    for (int level = 0; level < 8; ++level) {
        const auto length = to_big_endian(16);
        data.insert(data.end(), length.begin(), length.end());
        for (int i = 0; i < 16; ++i) {
            const auto offset = to_big_endian(level == 7 ? 1 : 16 * 32);
            data.insert(data.end(), offset.begin(), offset.end());
        }
    }
    EXPECT_EQ(decode(parse_type('(' + type + ')').value(), data).error(), EncodingError::too_large);
}

TEST(Type, ThatSolidityLacksIsRefused) {
    for (const char* text : {"", "uint7", "uint264", "bytes0", "bytes33", "int08", "foo", "(uint8",
                             "uint8)", "uint8[", "uint8[0x1]", "uint8[-1]", "(,)"}) {
        EXPECT_FALSE(parse_type(text)) << text;
    }
    EXPECT_EQ(canonical(parse_type("(uint a,(address,int)[2] b)[]").value()),
              "(uint256,(address,int256)[2])[]");
}

TEST(Type, NestedBeyondTheLimitIsRefused) {
    const std::string deep = std::string(40, '(') + "bool" + std::string(40, ')');
    EXPECT_EQ(parse_type(deep).error(), EncodingError::too_deep);
    EXPECT_EQ(parse_type(std::string(kMaxTypeChars + 1, 'a')).error(), EncodingError::too_large);
}

TEST(RevertReason, IsWhatRequireAndAssertSaid) {
    EXPECT_EQ(revert_reason(Function{"Error(string)"}.encode({"too late"})), "too late");
    EXPECT_TRUE(revert_reason(Function{"Panic(uint256)"}.encode({0x11})));
    EXPECT_EQ(revert_reason({}), std::nullopt);
    EXPECT_EQ(revert_reason(Function{"Other(string)"}.encode({"x"})), std::nullopt);
}

RC_GTEST_PROP(Abi, OfAnyBytesIsRefusedOrFits, (const ByteVector& noise)) {
    const Type type = parse_type("(uint8,bytes,(string,bool)[])").value();
    if (const auto values = decode(type, noise)) RC_ASSERT(decode(type, encode(type, *values)));
}

RC_GTEST_PROP(Abi, OfAnyValuesReadsBack,
              (const ByteVector& bytes, const std::string& text, std::uint64_t number)) {
    const Type type = parse_type("(uint64,bytes,(string,bool)[])").value();
    const std::vector<Value> values{number, bytes,
                                    std::vector<Value>{Value{std::vector<Value>{text, true}},
                                                       Value{std::vector<Value>{"", false}}}};
    RC_ASSERT(decode(type, encode(type, values)).value() == values);
}

}  // namespace
}  // namespace stoa::eth::abi
