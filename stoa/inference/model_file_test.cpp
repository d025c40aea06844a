#include "stoa/inference/model_file.hpp"

#include <gtest/gtest.h>

#include "stoa/base/hex.hpp"
#include "stoa/inference/error.hpp"
#include "stoa/inference/utf8.hpp"

namespace stoa::inference {

namespace {

ByteVector gguf(std::uint8_t version, std::uint64_t tensors, std::uint64_t pairs) {
    ByteVector header{'G', 'G', 'U', 'F', version, 0, 0, 0};
    for (const std::uint64_t count : {tensors, pairs}) {
        for (int i = 0; i < 8; ++i) header.push_back(static_cast<std::uint8_t>(count >> (8 * i)));
    }
    return header;
}

bool passes(const ByteVector& beginning, std::uint64_t size, Backend backend) {
    const auto result = check_format(beginning, size, backend);
    EXPECT_TRUE(result || result.error() == InferenceError::wrong_format);
    return result.has_value();
}

}  // namespace

TEST(ModelFile, TheDigestIsSha256) {
    EXPECT_EQ(to_hex_digits(sha256(as_bytes("abc")).bytes),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_THROW(sha256_of_file("/nonexistent"), std::system_error);
}

TEST(ModelFile, OnlyGgufOfVersion3WithCountsThatFitIsGguf) {
    EXPECT_TRUE(passes(gguf(3, 10, 10), 10'000, Backend::llama));
    EXPECT_FALSE(passes(gguf(2, 10, 10), 10'000, Backend::llama));
    EXPECT_FALSE(passes(gguf(3, 10'000, 10), 10'000, Backend::llama));
    EXPECT_FALSE(passes(gguf(3, 10, 10'000), 10'000, Backend::llama));
    EXPECT_FALSE(passes(gguf(3, ~std::uint64_t{0}, 10), 10'000, Backend::llama));
    ByteVector short_header = gguf(3, 1, 1);
    short_header.pop_back();
    EXPECT_FALSE(passes(short_header, short_header.size(), Backend::llama));
    EXPECT_FALSE(passes({}, 0, Backend::llama));
}

TEST(ModelFile, PicklesAndArchivesAreNoModels) {
    const ByteVector pickle{0x80, 0x02, 0x8A, 0x0A};
    const ByteVector zip{'P', 'K', 3, 4};
    for (const auto& bytes : {pickle, zip, gguf(3, 1, 1)}) {
        EXPECT_FALSE(passes(bytes, 10'000, Backend::onnx));
    }
    EXPECT_TRUE(passes({0x08, 0x08, 0x12}, 10'000, Backend::onnx));
}

TEST(Utf8, OnlyWellFormedTextPasses) {
    for (const char* good : {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\xB6",
                             "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
    for (const char* bad :
         {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
        EXPECT_FALSE(is_utf8(bad)) << bad;
    }
}

}  // namespace stoa::inference
