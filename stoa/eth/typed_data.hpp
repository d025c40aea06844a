#pragma once

#include <boost/json/fwd.hpp>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"
#include "stoa/eth/error.hpp"

namespace stoa::eth {

/// Digest of the JSON that `eth_signTypedData_v4` takes: an object of `types`, `primaryType`,
/// `domain` and `message` (EIP-712). Without `types.EIP712Domain` the domain's members decide.
///
/// Integers are JSON integers, decimal or `0x` strings; bytes are `0x` strings. Refuses
/// bad_typed_data for a missing or ill-typed member, too_deep beyond 32 nested values, too_large
/// beyond 10,000 values.
Result<Hash256> typed_data_digest(const boost::json::value&);

/// Hash of one struct of `types`, which the digest of another domain may wrap.
Result<Hash256> typed_data_struct_hash(const boost::json::object& types, std::string_view type,
                                       const boost::json::value& data);

}  // namespace stoa::eth
