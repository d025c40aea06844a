#include "stoa/eth/typed_data.hpp"

#include <gtest/gtest.h>

#include "stoa/eth/eip712.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/eth/vectors_test.hpp"

namespace stoa::eth {
namespace {

namespace json = boost::json;

/// The example of EIP-712.
const char* kMail = R"({
  "types": {
    "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"},
                     {"name": "chainId", "type": "uint256"},
                     {"name": "verifyingContract", "type": "address"}],
    "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
    "Mail": [{"name": "from", "type": "Person"}, {"name": "to", "type": "Person"},
             {"name": "contents", "type": "string"}]},
  "primaryType": "Mail",
  "domain": {"name": "Ether Mail", "version": "1", "chainId": 1,
             "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
  "message": {"from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
              "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
              "contents": "Hello, Bob!"}})";

std::error_code refusal(const json::value& typed_data) {
    const auto digest = typed_data_digest(typed_data);
    return digest ? std::error_code{} : digest.error();
}

TEST(TypedData, HasTheDigestOfTheExampleInTheEip) {
    EXPECT_EQ(to_hex(typed_data_digest(json::parse(kMail)).value()),
              "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

TEST(TypedData, HasThePublishedDigests) {
    for (const auto& vector : published_vectors("eip712")) {
        const json::value typed_data{{"types", vector.at("types")},
                                     {"primaryType", vector.at("primaryType")},
                                     {"domain", vector.at("domain")},
                                     {"message", vector.at("data")}};
        const auto digest = typed_data_digest(typed_data);
        ASSERT_TRUE(digest) << vector.at("name") << ' ' << digest.error().message();
        EXPECT_EQ(to_hex(*digest), text_of(vector.at("digest"))) << vector.at("name");
    }
}

TEST(TypedData, OfFixedTypeIsTheSameInCodeAndInJson) {
    const Domain domain{"Ether Mail", "1", 1,
                        address_literal("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC")};
    const Address wallet = address_literal("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
    const json::value typed_data{
        {"types",
         {{"Person",
           {{{"name", "name"}, {"type", "string"}}, {{"name", "wallet"}, {"type", "address"}}}}}},
        {"primaryType", "Person"},
        {"domain",
         {{"name", domain.name},
          {"version", domain.version},
          {"chainId", 1},
          {"verifyingContract", to_checksum(domain.contract)}}},
        {"message", {{"name", "Cow"}, {"wallet", to_checksum(wallet)}}}};
    EXPECT_EQ(typed_data_digest(typed_data).value(),
              typed_digest(domain, "Person(string name,address wallet)",
                           {keccak256("Cow"), word(wallet)}));
}

TEST(TypedData, WithAMissingOrMisfitMemberIsRefused) {
    const auto without = [](auto change) {
        json::value mail = json::parse(kMail);
        change(mail.as_object());
        return refusal(mail);
    };
    for (const char* member : {"types", "primaryType", "domain", "message"}) {
        EXPECT_EQ(without([&](json::object& mail) { mail.erase(member); }),
                  EncodingError::bad_typed_data)
            << member;
    }
    EXPECT_EQ(without([](json::object& mail) { mail["primaryType"] = "Letter"; }),
              EncodingError::bad_typed_data);
    EXPECT_EQ(without([](json::object& mail) { mail["message"].as_object().erase("contents"); }),
              EncodingError::bad_typed_data);
    EXPECT_EQ(without([](json::object& mail) { mail["message"].as_object()["contents"] = 1; }),
              EncodingError::bad_typed_data);
    EXPECT_EQ(without([](json::object& mail) { mail["domain"].as_object()["chainId"] = -1; }),
              EncodingError::bad_typed_data);
    EXPECT_EQ(refusal(json::value{1}), EncodingError::bad_typed_data);
}

TEST(TypedData, WhoseNumbersLeaveTheirTypeIsRefused) {
    const auto digest = [](const char* type, const json::value& number) {
        return refusal({{"types", {{"N", {{{"name", "n"}, {"type", type}}}}}},
                        {"primaryType", "N"},
                        {"domain", json::object{}},
                        {"message", {{"n", number}}}});
    };
    EXPECT_EQ(digest("uint8", 255), std::error_code{});
    EXPECT_EQ(digest("uint8", 256), EncodingError::bad_typed_data);
    EXPECT_EQ(digest("int8", -128), std::error_code{});
    EXPECT_EQ(digest("int8", "-129"), EncodingError::bad_typed_data);
    EXPECT_EQ(digest("uint256", 1.5), EncodingError::bad_typed_data);
    EXPECT_EQ(digest("uint", 1), EncodingError::bad_typed_data);
    EXPECT_EQ(digest("bytes4", "0x010203"), EncodingError::bad_typed_data);
    EXPECT_EQ(digest("Unknown", 1), EncodingError::bad_typed_data);
}

TEST(TypedData, NestedOrLargerThanTheLimitIsRefused) {
    json::value value = json::array{};
    std::string type = "uint8";
    for (int i = 0; i < 40; ++i) type += "[]";
    for (int i = 0; i < 39; ++i) value = json::array{value};
    const auto digest = [](const std::string& of, const json::value& n) {
        return refusal({{"types", {{"N", {{{"name", "n"}, {"type", of}}}}}},
                        {"primaryType", "N"},
                        {"domain", json::object{}},
                        {"message", {{"n", n}}}});
    };
    EXPECT_EQ(digest(type, value), EncodingError::too_deep);
    EXPECT_EQ(digest("uint8[]", json::array(10'001, 1)), EncodingError::too_large);
}

}  // namespace
}  // namespace stoa::eth
