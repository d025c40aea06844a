#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/content/canonical_json.hpp"
#include "stoa/content/manifest.hpp"

namespace stoa::content {
namespace {

std::string listing() {
    std::ifstream file(STOA_SOURCE_DIR "/test/vectors/content/listing.json");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string canonical(std::string_view text) {
    return canonical_json(parse_json(text).value()).value();
}

TEST(Cid, of_raw_bytes_is_what_other_implementations_compute) {
    EXPECT_EQ(to_text(raw_cid(as_bytes("hello world"))),
              "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
}

TEST(Cid, text_and_bytes_round_trip) {
    const std::string text = "bafybeigmjp62sqvoyzhrfpqerbsjej4wjgwhhghpskbsdnew5b2he5cszi";
    const Cid cid = parse_cid(text).value();
    EXPECT_EQ(cid.codec, Cid::Codec::dag_pb);
    EXPECT_EQ(to_text(cid), text);
    EXPECT_EQ(parse_cid_bytes(to_bytes(cid)).value(), cid);
}

TEST(Cid, refuses_other_bases_versions_and_padding_bits) {
    for (const char* text : {"", "b", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
                             "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5f",
                             "Bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"}) {
        EXPECT_EQ(parse_cid(text).error(), ContentError::bad_cid) << text;
    }
}

TEST(CanonicalJson, sorts_by_utf16_and_writes_numbers_as_ecmascript) {
    EXPECT_EQ(canonical(R"({"b":1,"a":[1.0,1e17,1e-7,0.000001,333333333.333333,-0.0]})"),
              R"({"a":[1,100000000000000000,1e-7,0.000001,333333333.333333,0],"b":1})");
    EXPECT_EQ(canonical("[2e17,200000000000000000,-9007199254740991]"),
              "[200000000000000000,200000000000000000,-9007199254740991]");
    EXPECT_EQ(canonical("{\"\xef\xac\xb3\":1,\"\xf0\x9f\x98\x80\":2,\"\xe2\x82\xac\":3}"),
              "{\"\xe2\x82\xac\":3,\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}");
    EXPECT_EQ(canonical(R"({"s":"\u20ac$\u000f\nA'\"\\\\\"\/"})"),
              "{\"s\":\"\xe2\x82\xac$\\u000f\\nA'\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalJson, refuses_numbers_that_programs_read_differently) {
    for (const char* text :
         {"9007199254740993", "-9223372036854775808", "200000000000000001", "18446744073709551615",
          "0.1234567890123456", "1e18", "1e21", "30e77", "1e-300"}) {
        EXPECT_EQ(canonical_json(parse_json(text).value()).error(), ContentError::bad_json) << text;
    }
    EXPECT_EQ(parse_json(std::string(40, '[')).error(), ContentError::bad_json);
}

TEST(Manifest, of_the_shared_listing_has_its_fields) {
    const Manifest manifest = parse_manifest(listing()).value();
    EXPECT_EQ(manifest.title, "chestxray-densenet121");
    EXPECT_EQ(manifest.task, "image-classification");
    EXPECT_EQ(manifest.licence, "LicenseRef-stoa-commercial-1");
    ASSERT_EQ(manifest.files.size(), 4u);
    EXPECT_EQ(manifest.files[0].name, "model.onnx.age");
    EXPECT_EQ(manifest.files[0].size, 50'012'392u);
    EXPECT_EQ(to_hex_digits(manifest.files[0].sha256->bytes),
              "2f0a20f453aad052162c28ec871f9cf1672843d75e25c02b8ae70f0bb9575ee5");
    EXPECT_FALSE(manifest.files[1].sha256);
}

TEST(Manifest, says_what_those_who_are_paid_did) {
    const auto manifest =
        parse_manifest(R"({"type":"ModelListing","name":"x","properties":{"payees":[
        {"account":"0xA1","role":"author"},{"account":"0xA2"},{"role":"nobody"},7,
        {"account":"0xA3","role":"a role that is longer than anybody who reads it would want it to be"}]}})")
            .value();
    ASSERT_EQ(manifest.payees.size(), 2u);
    EXPECT_EQ(manifest.payees[0].account, "0xA1");
    EXPECT_EQ(manifest.payees[0].role, "author");
    EXPECT_EQ(manifest.payees[1].role, "a role that is longer than anybody who r");
}

TEST(Manifest, says_what_a_model_can_do_in_the_words_of_modelpack_and_nothing_else) {
    const auto manifest = parse_manifest(R"({"type":"ModelListing","name":"m","properties":{
        "domains":["Medical","medical","",5],"capabilities":["chat"],"contextLength":4096,
        "model":{"config":{"quantization":"Q4_0","paramSize":"7B","precision":"int8",
            "architecture":"llama","capabilities":{"inputTypes":["text","image"],
            "outputTypes":["text"],"languages":["EN","de"],"toolUsage":true,"reasoning":"yes"}}},
        "artifacts":[{"role":"weights","path":"a","size":5,"format":"GGUF"},
                     {"role":"weights","path":"b","size":6,"format":"gguf"},
                     {"role":"tokenizer","path":"c","size":7,"format":"json"}]}})")
                              .value();
    EXPECT_EQ(manifest.domains, std::vector<std::string>{"medical"});
    EXPECT_EQ(manifest.abilities.context, 4'096u);
    EXPECT_EQ(manifest.abilities.quantisation, "Q4_0");
    EXPECT_EQ(manifest.abilities.parameters, "7B");
    EXPECT_EQ(manifest.abilities.languages, (std::vector<std::string>{"en", "de"}));
    EXPECT_EQ(manifest.abilities.inputs, (std::vector<std::string>{"text", "image"}));
    EXPECT_EQ(manifest.abilities.tools, true);
    EXPECT_EQ(manifest.abilities.reasoning, std::nullopt);
    EXPECT_EQ(manifest.weights_bytes(), 11u);
    EXPECT_EQ(manifest.formats(), std::vector<std::string>{"gguf"});

    const auto bare = parse_manifest(R"({"type":"ModelListing","name":"m",
        "properties":{"contextLength":-1,"model":[]}})")
                          .value();
    EXPECT_EQ(bare.abilities.context, 0u);
    EXPECT_EQ(bare.abilities.tools, std::nullopt);
    EXPECT_TRUE(bare.formats().empty());
}

TEST(Manifest, without_type_or_name_is_refused) {
    EXPECT_EQ(parse_manifest("[]").error(), ContentError::bad_manifest);
    EXPECT_EQ(parse_manifest(R"({"type":"ModelListing"})").error(), ContentError::bad_manifest);
    EXPECT_EQ(parse_manifest("{").error(), ContentError::bad_json);
    EXPECT_EQ(parse_manifest(std::string(kMaxManifestBytes + 1, ' ')).error(),
              ContentError::too_large);
}

}  // namespace
}  // namespace stoa::content
