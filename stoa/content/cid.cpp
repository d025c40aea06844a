#include "stoa/content/cid.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "stoa/base/assert.hpp"

namespace stoa::content {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::array<std::uint8_t, 2> kSha256{0x12, 0x20};
constexpr std::size_t kBytes = 36;

std::string to_base32(Bytes bytes) {
    std::string text;
    unsigned buffer = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : bytes) {
        buffer = buffer << 8 | byte;
        for (bits += 8; bits >= 5; bits -= 5) text += kAlphabet[buffer >> (bits - 5) & 31];
        buffer &= (1u << bits) - 1;
    }
    if (bits > 0) text += kAlphabet[buffer << (5 - bits) & 31];
    return text;
}

Result<ByteVector> parse_base32(std::string_view text) {
    ByteVector bytes;
    unsigned buffer = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == kAlphabet.npos) return fail(ContentError::bad_cid);
        buffer = buffer << 5 | static_cast<unsigned>(digit);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::uint8_t>(buffer >> bits));
            buffer &= (1u << bits) - 1;
        }
    }
    if (bits >= 5 || buffer != 0) return fail(ContentError::bad_cid);
    return bytes;
}

}  // namespace

Hash256 sha256(Bytes data) {
    Hash256 digest;
    unsigned length = 0;
    const int done =
        EVP_Digest(data.data(), data.size(), digest.bytes.data(), &length, EVP_sha256(), nullptr);
    STOA_ASSERT(done == 1 && length == digest.bytes.size());
    return digest;
}

Cid raw_cid(Bytes data) {
    return {Cid::Codec::raw, sha256(data)};
}

ByteVector to_bytes(const Cid& cid) {
    ByteVector bytes(kBytes);
    bytes[0] = 1;
    bytes[1] = static_cast<std::uint8_t>(cid.codec);
    std::ranges::copy(kSha256, bytes.begin() + 2);
    std::ranges::copy(cid.digest.bytes, bytes.begin() + 4);
    return bytes;
}

std::string to_text(const Cid& cid) {
    return 'b' + to_base32(to_bytes(cid));
}

Result<Cid> parse_cid_bytes(Bytes bytes) {
    if (bytes.size() != kBytes || bytes[0] != 1 || bytes[2] != kSha256[0] ||
        bytes[3] != kSha256[1]) {
        return fail(ContentError::bad_cid);
    }
    Cid cid;
    switch (bytes[1]) {
        case static_cast<std::uint8_t>(Cid::Codec::raw): cid.codec = Cid::Codec::raw; break;
        case static_cast<std::uint8_t>(Cid::Codec::dag_pb): cid.codec = Cid::Codec::dag_pb; break;
        default: return fail(ContentError::bad_cid);
    }
    std::copy_n(bytes.begin() + 4, cid.digest.bytes.size(), cid.digest.bytes.begin());
    return cid;
}

Result<Cid> parse_cid(std::string_view text) {
    if (text.size() != 59 || text[0] != 'b') return fail(ContentError::bad_cid);
    STOA_TRY(const auto bytes, parse_base32(text.substr(1)));
    return parse_cid_bytes(bytes);
}

}  // namespace stoa::content
