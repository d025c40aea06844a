// Content addresses: what names bytes by their hash, and the canonical JSON that listings are
// hashed in. Values and functions only.
#pragma once

#include <string>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"
#include "stoa/content/error.hpp"

namespace stoa::content {

Hash256 sha256(Bytes);

/// A CIDv1 whose multihash is SHA2-256 (multiformats/cid).
struct Cid {
    /// Multicodec numbers.
    enum class Codec : std::uint8_t { raw = 0x55, dag_pb = 0x70 };

    Codec codec = Codec::raw;
    Hash256 digest;
    friend auto operator<=>(const Cid&, const Cid&) = default;
};

/// Of one block with the given bytes.
Cid raw_cid(Bytes);

/// `b` and base32 in lower case without padding (multibase, RFC 4648 section 6).
std::string to_text(const Cid&);
/// 36 bytes: version, codec, 0x12, 0x20, digest.
ByteVector to_bytes(const Cid&);

/// Refuse everything but the form above: bad_cid.
Result<Cid> parse_cid(std::string_view);
Result<Cid> parse_cid_bytes(Bytes);

}  // namespace stoa::content
