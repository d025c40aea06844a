#include "stoa/content/gguf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace stoa::content {
namespace {

/// Writes a header as the format has it.
struct Header {
    std::string bytes;

    Header() { number(std::uint32_t{0x46554747}); }

    template <class T>
    Header& number(T value) {
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    Header& text(std::string_view value) {
        number(std::uint64_t{value.size()});
        bytes += value;
        return *this;
    }
    Header& pair(std::string_view key, std::string_view value) {
        return text(key).number(std::uint32_t{8}).text(value);
    }
    Header& pair(std::string_view key, std::uint32_t value) {
        return text(key).number(std::uint32_t{4}).number(value);
    }
};

Header whole() {
    Header it;
    it.number(std::uint32_t{3}).number(std::uint64_t{2}).number(std::uint64_t{7});
    it.pair("general.architecture", "llama");
    it.text("tokenizer.ggml.scores").number(std::uint32_t{9}).number(std::uint32_t{6});
    it.number(std::uint64_t{2}).number(1.0F).number(2.0F);
    it.text("general.languages").number(std::uint32_t{9}).number(std::uint32_t{8});
    it.number(std::uint64_t{2}).text("en").text("de");
    it.pair("llama.context_length", 2'048);
    it.text("llama.rope.freq_base").number(std::uint32_t{6}).number(10'000.0F);
    it.pair("general.file_type", 15);
    it.pair("tokenizer.chat_template", "{% if tools %}…{% endif %}");
    it.text("a").number(std::uint32_t{2}).number(std::uint64_t{1'000}).number(std::uint64_t{1'000});
    it.number(std::uint32_t{0}).number(std::uint64_t{0});
    it.text("b").number(std::uint32_t{1}).number(std::uint64_t{100'000});
    it.number(std::uint32_t{0}).number(std::uint64_t{0});
    return it;
}

TEST(Gguf, a_file_says_what_it_is) {
    const auto found = read_gguf(as_bytes(whole().bytes)).value();
    EXPECT_EQ(found.architecture, "llama");
    EXPECT_EQ(found.context, 2'048u);
    EXPECT_EQ(found.quantisation, "Q4_K_M");
    EXPECT_EQ(found.parameters, "1.1M");
    EXPECT_THAT(found.languages, testing::ElementsAre("en", "de"));
    EXPECT_EQ(found.tools, true);
}

TEST(Gguf, what_a_file_does_not_say_is_unknown) {
    Header bare;
    bare.number(std::uint32_t{3}).number(std::uint64_t{0}).number(std::uint64_t{1});
    bare.pair("general.file_type", 4'000'000'000);
    const auto found = read_gguf(as_bytes(bare.bytes)).value();
    EXPECT_EQ(found.context, 0u);
    EXPECT_EQ(found.quantisation, "");
    EXPECT_EQ(found.parameters, "");
    EXPECT_EQ(found.tools, std::nullopt);
}

TEST(Gguf, other_files_and_lying_headers_are_nothing) {
    EXPECT_FALSE(read_gguf({}));
    EXPECT_FALSE(read_gguf(as_bytes("GGUF")));
    EXPECT_FALSE(read_gguf(as_bytes("\x08\x01onnx")));
    for (const std::uint32_t version : {0U, 1U, 4U}) {
        Header it;
        it.number(version).number(std::uint64_t{0}).number(std::uint64_t{0});
        EXPECT_FALSE(read_gguf(as_bytes(it.bytes))) << version;
    }
    Header many;
    many.number(std::uint32_t{3}).number(std::uint64_t{0}).number(~std::uint64_t{0});
    EXPECT_FALSE(read_gguf(as_bytes(many.bytes)));
    Header array;
    array.number(std::uint32_t{3}).number(std::uint64_t{0}).number(std::uint64_t{1});
    array.text("x").number(std::uint32_t{9}).number(std::uint32_t{10}).number(~std::uint64_t{0});
    EXPECT_FALSE(read_gguf(as_bytes(array.bytes)));
}

TEST(Gguf, a_parameter_count_that_overflows_is_unknown) {
    Header it;
    it.number(std::uint32_t{3}).number(std::uint64_t{1}).number(std::uint64_t{0});
    it.text("a").number(std::uint32_t{2}).number(~std::uint64_t{0}).number(std::uint64_t{2});
    it.number(std::uint32_t{0}).number(std::uint64_t{0});
    EXPECT_EQ(read_gguf(as_bytes(it.bytes)).value().parameters, "");
}

TEST(Gguf, any_bytes_are_read_within_their_bounds) {
    rc::check([] {
        std::string bytes = whole().bytes;
        const auto changes = *rc::gen::inRange<std::size_t>(1, 9);
        for (std::size_t i = 0; i < changes; ++i) {
            bytes[*rc::gen::inRange<std::size_t>(4, bytes.size())] = *rc::gen::arbitrary<char>();
        }
        bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
        read_gguf(as_bytes(bytes));
    });
}

TEST(Gguf, parameters_are_counted_in_words_of_people) {
    EXPECT_EQ(parameter_count(999), "999");
    EXPECT_EQ(parameter_count(15'191'712), "15.1M");
    EXPECT_EQ(parameter_count(1'100'048'384), "1.1B");
    EXPECT_EQ(parameter_count(7'000'000'000), "7B");
    EXPECT_EQ(parameter_count(1'000'000'000'000), "1T");
}

}  // namespace
}  // namespace stoa::content
