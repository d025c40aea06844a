#pragma once

#include <array>
#include <memory>

#include "stoa/base/result.hpp"
#include "stoa/eth/address.hpp"

namespace stoa::keys {

/// A secp256k1 private key. Its memory is kept out of swap and core dumps where the system allows
/// that, and is wiped when the object ends. Nothing outside this module can read the bytes.
class Secret {
  public:
    /// `KeyError::not_a_key` for anything but 32 bytes that are a number in [1, n).
    static Result<Secret> from_bytes(Bytes);
    /// Drawn from the system's generator.
    static Secret random();

    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&&) noexcept = default;
    ~Secret() = default;

    eth::Address address() const;

  private:
    struct Wipe {
        void operator()(std::array<std::uint8_t, 32>*) const noexcept;
    };
    using Locked = std::unique_ptr<std::array<std::uint8_t, 32>, Wipe>;

    Secret();
    Bytes bytes() const { return *bytes_; }

    friend class LocalSigner;
    friend class Derivation;
    friend class Sealer;

    Locked bytes_;
};

}  // namespace stoa::keys
