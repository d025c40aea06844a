#pragma once

#include <string_view>

#include "stoa/eth/transaction.hpp"
#include "stoa/keys/secret.hpp"

namespace stoa::keys {

/// An account that can sign what Ethereum signs, and nothing else: there is no call for an
/// arbitrary hash. Two implementations: `LocalSigner` here, an external one (HSM, clef) later, so a
/// call may block for as long as that takes.
class Signer {
  public:
    virtual ~Signer() = default;

    virtual eth::Address address() const = 0;

    /// `digest` is the EIP-712 digest keccak256(0x1901 ‖ domain separator ‖ struct hash).
    virtual eth::Signature sign_typed_digest(const Hash256& digest) const = 0;

    /// EIP-191 "personal message", version 0x45.
    virtual eth::Signature sign_message(std::string_view text) const = 0;

    /// The signed transaction in its EIP-2718 envelope, ready for eth_sendRawTransaction.
    virtual ByteVector sign_transaction(const eth::Transaction&) const = 0;
};

/// Signs in this process. Deterministic (RFC 6979), low s, v 27 or 28. Thread-safe.
class LocalSigner final : public Signer {
  public:
    explicit LocalSigner(Secret);

    eth::Address address() const override { return address_; }
    eth::Signature sign_typed_digest(const Hash256& digest) const override;
    eth::Signature sign_message(std::string_view text) const override;
    ByteVector sign_transaction(const eth::Transaction&) const override;

  private:
    eth::Signature sign(const Hash256& digest) const;

    Secret secret_;
    eth::Address address_;
};

}  // namespace stoa::keys
