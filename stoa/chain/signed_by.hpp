#pragma once

#include "stoa/chain/rpc.hpp"
#include "stoa/eth/address.hpp"

namespace stoa::chain {

/// Longer signatures are nobody's.
constexpr std::size_t kMaxAccountSignatureBytes = 8 * 1024;

/// Whether `account` signed `digest`: by its key (v may be 0 or 1 instead of 27 or 28), by its
/// contract's `isValidSignature` (ERC-1271), or by that of a contract which is not deployed yet,
/// where the signature carries the call that would deploy it (ERC-6492: `abi.encode(address
/// factory, bytes factoryCalldata, bytes signature)` and 32 magic bytes). That call is only
/// simulated, together with the question, through Multicall3. Throws `RpcFailure`.
Task<bool> is_signed_by(Rpc&, eth::Address account, Hash256 digest, ByteVector signature);

}  // namespace stoa::chain
