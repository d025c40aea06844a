#pragma once

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "stoa/chain/types.hpp"
#include "stoa/io/task.hpp"

namespace stoa::chain {

namespace json = boost::json;

/// An endpoint's answer that is no result: the request was understood and refused, or the call
/// reverted (then `data` is what the contract returned).
struct RpcError {
    int code = 0;
    std::string message;
    ByteVector data;
};

template <class T>
using RpcResult = tl::expected<T, RpcError>;

/// No endpoint gave a usable answer before the deadline: down, busy, lying about its format, or
/// another chain. Worth trying again later.
class RpcFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The chain is not the one that the configuration names; trying again does not help.
class WrongChain : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct RpcCall {
    std::string method;
    json::array params;
};

/// A way to an Ethereum node's JSON-RPC interface. A seam: tests stand a lying node behind it.
class Rpc {
  public:
    virtual ~Rpc() = default;

    /// The answers in the order of the calls, of one endpoint. At most `kMaxBatch` calls.
    /// Throws `RpcFailure` or `WrongChain`.
    virtual Task<std::vector<RpcResult<json::value>>> batch(std::vector<RpcCall>) = 0;

    Task<RpcResult<json::value>> call(std::string method, json::array params = {});
    /// The same where an error is not expected: throws `RpcFailure` for it.
    Task<json::value> get(std::string method, json::array params = {});
};

constexpr std::size_t kMaxBatch = 512;

// Typed reads. All throw `RpcFailure` for an answer that cannot be understood.

Task<std::uint64_t> chain_id(Rpc&);
/// Nothing when there is no such block (yet).
Task<std::optional<Header>> header(Rpc&, Tag);
Task<std::optional<Header>> header(Rpc&, std::uint64_t number);
/// The bytes that a call returns; the error holds the revert data. At `pending` by default, because
/// an idle development chain's `latest` is stuck in the past.
Task<RpcResult<ByteVector>> call(Rpc&, Call, Tag = Tag::pending);
Task<RpcResult<std::uint64_t>> estimate_gas(Rpc&, Call, Tag = Tag::pending);
Task<std::optional<Receipt>> receipt(Rpc&, Hash256 transaction);
Task<std::uint64_t> nonce(Rpc&, eth::Address, Tag = Tag::latest);
Task<U256> native_balance(Rpc&, eth::Address, Tag = Tag::latest);
Task<ByteVector> code(Rpc&, eth::Address, Tag = Tag::latest);

/// What must be true of a chain before the node believes it.
struct ChainPin {
    std::uint64_t chain_id = 0;
    std::optional<Hash256> genesis;
    std::map<eth::Address, Hash256> code;  ///< keccak256 of a contract's code.
};

/// Throws `WrongChain` with a sentence for people when `pin` does not hold.
Task<void> verify(Rpc&, const ChainPin& pin);

}  // namespace stoa::chain
