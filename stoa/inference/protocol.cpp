#include "stoa/inference/protocol.hpp"

#include <bit>

namespace stoa::inference {

namespace {

bool is_known(std::uint8_t kind) {
    return (kind >= static_cast<std::uint8_t>(FrameKind::count) &&
            kind <= static_cast<std::uint8_t>(FrameKind::cancel)) ||
           (kind >= static_cast<std::uint8_t>(FrameKind::ready) &&
            kind <= static_cast<std::uint8_t>(FrameKind::tensors));
}

}  // namespace

std::size_t max_body_bytes(FrameKind kind) {
    switch (kind) {
        case FrameKind::embeddings:
        case FrameKind::infer:
        case FrameKind::tensors: return kMaxFrameBytes;
        case FrameKind::count:
        case FrameKind::generate:
        case FrameKind::embed:
        case FrameKind::prompt: return 8 << 20;
        case FrameKind::ready: return 1 << 20;
        case FrameKind::failed:
        case FrameKind::piece: return 64 << 10;
        case FrameKind::cancel:
        case FrameKind::alive:
        case FrameKind::refused:
        case FrameKind::counted:
        case FrameKind::done: return 64;
    }
    return 0;
}

FrameHeader parse_frame_header(Bytes bytes) {
    std::uint32_t length = 0;
    std::uint8_t kind = 0;
    FrameHeader header;
    Reader reader(bytes);
    reader(length, kind, header.call);
    reader.finish();
    constexpr std::uint32_t kRest = kFrameHeaderBytes - 4;
    if (!is_known(kind)) throw ProtocolError("unknown kind of frame");
    header.kind = static_cast<FrameKind>(kind);
    if (length < kRest || length - kRest > max_body_bytes(header.kind)) {
        throw ProtocolError("a frame of impossible length");
    }
    header.body_bytes = length - kRest;
    return header;
}

void Writer::put_number(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

void Writer::put_bytes(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::uint8_t*>(data);
    out_.insert(out_.end(), begin, begin + size);
}

void Writer::put(float it) {
    put_number(std::bit_cast<std::uint32_t>(it), 4);
}

void Reader::finish() const {
    if (!in_.empty()) throw ProtocolError("bytes behind the end of a message");
}

std::uint64_t Reader::get_number(std::size_t bytes) {
    const Bytes from = get_bytes(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{from[i]} << (8 * i);
    return value;
}

Bytes Reader::get_bytes(std::size_t size) {
    if (size > in_.size()) throw ProtocolError("a message ends too early");
    const Bytes taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
}

std::size_t Reader::get_length() {
    const std::uint64_t length = get_number(4);
    if (length > in_.size()) throw ProtocolError("a list is longer than its message");
    return length;
}

void Reader::get(bool& it) {
    const auto value = get_number(1);
    if (value > 1) throw ProtocolError("not a truth value");
    it = value == 1;
}

void Reader::get(float& it) {
    it = std::bit_cast<float>(static_cast<std::uint32_t>(get_number(4)));
}

void Reader::get(Hash256& it) {
    const Bytes from = get_bytes(it.bytes.size());
    std::copy(from.begin(), from.end(), it.bytes.begin());
}

void Reader::get(Prompt& it) {
    const auto which = get_number(1);
    if (which == 0) {
        get(it.emplace<std::string>());
    } else if (which == 1) {
        get(it.emplace<std::vector<Message>>());
    } else {
        throw ProtocolError("unknown kind of prompt");
    }
}

}  // namespace stoa::inference
