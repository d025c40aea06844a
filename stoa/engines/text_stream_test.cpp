#include "stoa/engines/text_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/inference/utf8.hpp"

namespace stoa::engines {

namespace {

constexpr const char* kDog = "\xF0\x9F\x90\xB6";

std::string sent(TextStream& stream, const std::vector<std::string>& tokens) {
    std::string text;
    inference::TokenId id = 0;
    for (const std::string& token : tokens) {
        stream.add(id++, token);
        text += stream.take().text;
    }
    return text + stream.finish().text;
}

}  // namespace

TEST(TextStream, ACharacterIsSentOnceItIsWhole) {
    TextStream stream({});
    stream.add(1, "a\xF0\x9F");
    EXPECT_EQ(stream.take().text, "a");
    stream.add(2, "\x90");
    EXPECT_TRUE(stream.take().tokens.empty());
    stream.add(3, "\xB6!");
    const inference::Piece piece = stream.take();
    EXPECT_EQ(piece.text, std::string(kDog) + "!");
    EXPECT_EQ(piece.tokens, (std::vector<inference::TokenId>{2, 3}));
}

TEST(TextStream, ACharacterThatIsCutOffAtTheEndIsDropped) {
    TextStream stream({});
    EXPECT_EQ(sent(stream, {"a", "\xF0\x9F"}), "a");
}

TEST(TextStream, WhatIsNoCharacterIsReplaced) {
    TextStream stream({});
    EXPECT_EQ(sent(stream, {"a\xFF", "b\xC0\xAF", "\xED\xA0\x80"}),
              "a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(TextStream, NothingOfAStopTextIsSent) {
    TextStream stream({"END", "\n\n"});
    stream.add(1, "the E");
    EXPECT_EQ(stream.take().text, "the ");
    stream.add(2, "N");
    EXPECT_EQ(stream.take().text, "");
    stream.add(3, "D of it");
    EXPECT_TRUE(stream.stopped());
    const inference::Piece rest = stream.finish();
    EXPECT_EQ(rest.text, "");
    EXPECT_EQ(rest.tokens, (std::vector<inference::TokenId>{2, 3}));
}

TEST(TextStream, TheBeginningOfAStopTextIsSentWhenItGoesOnDifferently) {
    TextStream stream({"aab"});
    EXPECT_EQ(sent(stream, {"a", "a", "a", "c"}), "aaac");
    TextStream other({"aab"});
    EXPECT_EQ(sent(other, {"a", "a", "a", "b", "c"}), "a");
    EXPECT_TRUE(other.stopped());
}

TEST(TextStream, TheFirstOfTwoStopTextsCounts) {
    TextStream stream({"late", "early"});
    EXPECT_EQ(sent(stream, {"an early and a late stop"}), "an ");
}

RC_GTEST_PROP(TextStream, AnyBytesInAnyPiecesGiveTheSameText, ()) {
    const auto tokens = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::elementOf(
            std::string("ab\xF0\x9F\x90\xB6\xC3\xA9\xE2\x82\xAC\xFF\xED\xA0\x80"))));
    std::string all;
    for (const std::string& token : tokens) all += token;
    TextStream stream({});
    const std::string text = sent(stream, tokens);
    RC_ASSERT(text == repaired_utf8(std::string_view(all).substr(0, whole_characters(all))));
    RC_ASSERT(inference::is_utf8(text));
}

RC_GTEST_PROP(TextStream, AStopTextCutsWhereSearchingTheWholeWould, ()) {
    const auto letters = rc::gen::elementOf(std::string("ab"));
    const auto tokens =
        *rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(letters));
    const auto stop = *rc::gen::nonEmpty(rc::gen::container<std::string>(letters));
    std::string all;
    for (const std::string& token : tokens) all += token;
    TextStream stream({stop});
    RC_ASSERT(sent(stream, tokens) == all.substr(0, all.find(stop)));
    RC_ASSERT(stream.stopped() == (all.find(stop) != std::string::npos));
}

}  // namespace stoa::engines
