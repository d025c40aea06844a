#include "stoa/chain/signed_by.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/signature.hpp"

namespace stoa::chain {
namespace {

using eth::abi::Value;

/// What a contract may burn to answer, and what deploying it may burn before.
constexpr std::uint64_t kAskGas = 1'000'000;
constexpr std::uint64_t kDeployGas = 8'000'000;

const eth::abi::Function kIsValidSignature{
    "isValidSignature(bytes32 hash,bytes signature) returns (bytes4)"};
const eth::abi::Function kAggregate{
    "aggregate3((address target,bool allowFailure,bytes callData)[] calls) returns ((bool "
    "success,bytes returnData)[] results)"};

/// The same on every chain that has it (multicall3.com).
eth::Address multicall() {
    return eth::parse_address_any_case("0xca11bde05977b3631167028862be2a173976ca11").value();
}

/// ERC-1271: the selector itself means yes.
bool is_yes(Bytes answer) {
    return answer.size() >= 32 && std::ranges::equal(answer.first(4), kIsValidSignature.selector());
}

bool by_key(const eth::Address& account, const Hash256& digest, const ByteVector& signature) {
    const auto plain = eth::parse_wallet_signature(to_hex(signature));
    return plain && eth::recover(digest, *plain) == account;
}

/// A signature with the call that deploys its account.
struct Wrapped {
    eth::Address factory;
    ByteVector call_data;
    ByteVector signature;
};

std::optional<Wrapped> unwrap(const ByteVector& signature) {
    static const auto kType =
        eth::abi::parse_type("(address factory,bytes callData,bytes signature)").value();
    constexpr std::size_t kMagicBytes = 32;
    if (signature.size() < kMagicBytes) return std::nullopt;
    const Bytes all{signature};
    const Bytes magic = all.last(kMagicBytes);
    for (std::size_t i = 0; i < kMagicBytes; i += 2) {
        if (magic[i] != 0x64 || magic[i + 1] != 0x92) return std::nullopt;
    }
    const auto parts = eth::abi::decode(kType, all.first(all.size() - kMagicBytes));
    if (!parts) return std::nullopt;
    return Wrapped{(*parts)[0].as_address(), (*parts)[1].as_bytes(), (*parts)[2].as_bytes()};
}

Task<bool> by_future_contract(Rpc& rpc, eth::Address account, Hash256 digest, Wrapped it) {
    // The deployment fails where the account is there already; what counts is the answer.
    const std::vector<Value> deploy{it.factory, true, it.call_data};
    const std::vector<Value> ask{account, true, kIsValidSignature.encode({digest, it.signature})};
    const std::vector<Value> calls{Value(deploy), Value(ask)};
    Call both;
    both.to = multicall();
    both.data = kAggregate.encode({Value(calls)});
    both.gas = kDeployGas;
    const auto answer = co_await call(rpc, std::move(both));
    if (!answer) co_return false;
    const auto results = kAggregate.decode_result(*answer);
    if (!results || results->front().items().size() != 2) co_return false;
    const Value& asked = results->front()[1];
    co_return asked[0].as_bool() && is_yes(asked[1].as_bytes());
}

}  // namespace

Task<bool> is_signed_by(Rpc& rpc, eth::Address account, Hash256 digest, ByteVector signature) {
    if (signature.size() > kMaxAccountSignatureBytes) co_return false;
    if (by_key(account, digest, signature)) co_return true;
    if (auto wrapped = unwrap(signature)) {
        co_return co_await by_future_contract(rpc, account, digest, *std::move(wrapped));
    }
    const auto there = co_await code(rpc, account, Tag::pending);
    if (there.empty()) co_return false;
    Call ask;
    ask.to = account;
    ask.data = kIsValidSignature.encode({digest, std::move(signature)});
    ask.gas = kAskGas;
    const auto answer = co_await call(rpc, std::move(ask));
    co_return answer&& is_yes(*answer);
}

}  // namespace stoa::chain
