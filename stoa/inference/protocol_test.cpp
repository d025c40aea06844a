#include "stoa/inference/protocol.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace stoa::inference {

namespace {

GenerateRequest some_request() {
    GenerateRequest request;
    request.prompt =
        std::vector<Message>{{Role::system, "be brief"}, {Role::user, "hi \xF0\x9F\x90\xB6"}};
    request.max_tokens = 77;
    request.temperature = 0.25F;
    request.top_p = 0.5F;
    request.seed = 0xFEDCBA9876543210;
    request.stop = {"a", "bc"};
    return request;
}

Bytes body_of(const ByteVector& frame) {
    return Bytes(frame).subspan(kFrameHeaderBytes);
}

}  // namespace

TEST(Protocol, ARequestArrivesAsItWasSent) {
    const ByteVector frame = encode(FrameKind::generate, 0x01020304, some_request());
    const FrameHeader header = parse_frame_header(Bytes(frame).first(kFrameHeaderBytes));
    EXPECT_EQ(header.kind, FrameKind::generate);
    EXPECT_EQ(header.call, 0x01020304U);
    EXPECT_EQ(header.body_bytes, frame.size() - kFrameHeaderBytes);
    const auto got = decode<GenerateRequest>(body_of(frame));
    const auto& messages = std::get<std::vector<Message>>(got.prompt);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].role, Role::system);
    EXPECT_EQ(messages[1].content, "hi \xF0\x9F\x90\xB6");
    EXPECT_EQ(got.max_tokens, 77U);
    EXPECT_EQ(got.temperature, 0.25F);
    EXPECT_EQ(got.seed, 0xFEDCBA9876543210U);
    EXPECT_EQ(got.stop, (std::vector<std::string>{"a", "bc"}));
}

TEST(Protocol, TheBytesOfAFrameAreThese) {
    EXPECT_EQ(
        encode(FrameKind::piece, 5, Piece{"ab", {3}}),
        (ByteVector{19, 0, 0, 0, 70, 5, 0, 0, 0, 2, 0, 0, 0, 'a', 'b', 1, 0, 0, 0, 3, 0, 0, 0}));
}

TEST(Protocol, TensorsArriveAsTheyWereSent) {
    const Tensors tensors{{"x", {ElementType::fp16, {2, -1}, {1, 2, 3}}}, {"y", {}}};
    const ByteVector frame = encode(FrameKind::infer, 1, tensors);
    const auto got = decode<Tensors>(body_of(frame));
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got.at("x").type, ElementType::fp16);
    EXPECT_EQ(got.at("x").shape, (std::vector<std::int64_t>{2, -1}));
    EXPECT_EQ(got.at("x").data, (ByteVector{1, 2, 3}));
}

TEST(Protocol, ABodyOfAnotherLengthIsRefused) {
    ByteVector frame = encode(FrameKind::generate, 1, some_request());
    for (std::size_t size = 0; size < frame.size() - kFrameHeaderBytes; ++size) {
        EXPECT_THROW(decode<GenerateRequest>(body_of(frame).first(size)), ProtocolError);
    }
    frame.push_back(0);
    EXPECT_THROW(decode<GenerateRequest>(body_of(frame)), ProtocolError);
}

TEST(Protocol, AListLongerThanItsMessageIsRefusedBeforeAnythingIsReserved) {
    const ByteVector body{0xFF, 0xFF, 0xFF, 0xFF, 1};
    EXPECT_THROW(decode<PromptMessage>(body), ProtocolError);
    EXPECT_THROW(decode<FailedMessage>(body), ProtocolError);
    EXPECT_THROW(decode<Tensors>(body), ProtocolError);
}

TEST(Protocol, ValuesOutsideAnEnumerationAreRefused) {
    EXPECT_THROW(decode<Outcome>(ByteVector{3, 0, 0, 0, 0, 0, 0, 0, 0}), ProtocolError);
    EXPECT_THROW(decode<RefusedMessage>(ByteVector{200}), ProtocolError);
    EXPECT_THROW(decode<CountMessage>(ByteVector{2}), ProtocolError);
}

TEST(Protocol, HeadersOfImpossibleFramesAreRefused) {
    const auto header = [](std::uint32_t length, std::uint8_t kind) {
        ByteVector bytes;
        Writer writer(bytes);
        std::uint32_t call = 1;
        writer(length, kind, call);
        return bytes;
    };
    EXPECT_NO_THROW(parse_frame_header(header(5, 66)));
    EXPECT_THROW(parse_frame_header(header(4, 66)), ProtocolError);
    EXPECT_THROW(parse_frame_header(header(0xFFFFFFFF, 66)), ProtocolError);
    EXPECT_THROW(parse_frame_header(header(5 + (64 << 10) + 1, 70)), ProtocolError);
    for (const std::uint8_t kind : ByteVector{0, 6, 63, 74, 255}) {
        EXPECT_THROW(parse_frame_header(header(5, kind)), ProtocolError) << int{kind};
    }
}

// What a worker that was taken over may send.
RC_GTEST_PROP(Protocol, AnyBytesAreAMessageOrAProtocolError, (const ByteVector& bytes)) {
    const auto try_as = [&]<class Message>(const Message&) {
        try {
            decode<Message>(bytes);
        } catch (const ProtocolError&) {
        }
    };
    try_as(ReadyMessage{});
    try_as(PromptMessage{});
    try_as(Piece{});
    try_as(Outcome{});
    try_as(Embeddings{});
    try_as(Tensors{});
    try_as(RefusedMessage{});
}

}  // namespace stoa::inference
